"""Every fault of the catalogue: each module that defines ``FAULTS`` adds to them."""
