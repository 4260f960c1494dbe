"""CSV files of other systems, brought in row by row.

The road of a row: `reading` (bytes to cells, with the line of the file), `plan` (which column is which field), `values`
(texts to values), `records` (a company or a sale, checked by its model), `run` (chunks, and what came of them),
`report` (refused rows and the summary). `command` puts it behind manage.py.
"""
