"""The methods: each a codec, a head, a loss, a decoder to a value and a density, and for some an
energy that refines the value. `method` is the contract, `registry` finds them by name."""
