"""The cases of the validation: one question to the gas per file."""
