"""Is a receiver of deliveries right? It is sent events that it has to take, and forgeries that it has to refuse."""
