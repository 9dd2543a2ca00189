"""The gateway as it is, but with a commit for each webhook: what group commit is measured against."""

from gateway.cli.main import main
from gateway.ingest import writer

if __name__ == "__main__":
    writer.GROUP_LIMIT = 1
    main()
