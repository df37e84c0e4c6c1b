"""What holds for the project as a whole: sizes, imports, words, the package that people install."""
