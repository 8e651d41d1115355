"""Material for the artist's own programs, made from the declarations: nothing in it is written by hand."""
