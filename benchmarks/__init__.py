"""What Havn costs, next to plain Django and to SQL written by hand (see README.md)."""
