"""Toy truce by other means: the same model, written as users of other tools would write it."""
