"""Is the bot still right? Data sets, metrics, reports and benchmarks."""
