"""Work that happens later: what each job does and when it recurs."""
