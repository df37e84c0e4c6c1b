"""Programs of others against the local AWS: the `aws` CLI and ecs-deploy, as they are on PyPI.

Not part of `make test`, as they bring an SDK of their own and take minutes: `make witnesses` installs them
into `.venv-witnesses` and runs the files `witness_*.py`. Nothing is skipped; a program that is missing is a
failure.
"""
