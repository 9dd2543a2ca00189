"""Files that customers send and agents upload: taken in, looked at, stored, fetched, and handed out by signed links."""
