"""One call a question: run, compare, attribute, remove, shapley, claims."""
