"""What customers may ask for of their data: all of it in one archive, or that it is erased."""
