# The profile of `countersign run` without --profile.
about An agent that changes one project: reads the machine but no secrets, writes the workspace only
network gated
read everything
processes 8192
temporary 8GiB
