"""Shows that the verifier accepts what is right and names what is wrong: `python -m unittest` in the folder above."""
