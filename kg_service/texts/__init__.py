"""Official texts and own policies that this installation has loaded: kept, joined to the law's citations, quoted, compared."""
