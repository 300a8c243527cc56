"""The families of densities, one a file; import them from `methods.density`."""
