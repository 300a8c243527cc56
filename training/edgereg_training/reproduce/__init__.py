"""`edgereg reproduce NAME`: the papers' comparisons, recomputed. `study` lists them, `report` is
what one gives, `cells` keeps what is finished, so that an interrupted study goes on."""
