"""What a CI system shows of a run: annotations and a summary on GitHub, and JUnit XML for the others."""
