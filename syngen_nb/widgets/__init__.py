"""The widgets, one module each. Import them from the top of the package, which loads them when they are first used."""
