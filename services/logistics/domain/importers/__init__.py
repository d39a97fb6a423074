"""Official files to the rows of the law. Pure: text in, rows and a report out."""
