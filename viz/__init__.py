"""Pictures of runs. Nothing in the simulator needs them; they read results and files."""
