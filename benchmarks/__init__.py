"""What this costs and how it compares: each module prints figures of one run, with a ratio to a peer or a floor beside them."""
