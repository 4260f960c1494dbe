"""Danish dates and numbers as people write them: 2. okt 2026 kl. 14.02."""

DATE_FORMAT = "j. b Y"
DATETIME_FORMAT = r"j. b Y \k\l. H.i"
TIME_FORMAT = "H.i"
SHORT_DATE_FORMAT = "j. b"
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%Y"]
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
NUMBER_GROUPING = 3
