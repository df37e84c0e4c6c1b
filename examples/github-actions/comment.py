"""Show a plan in a pull request of GitHub or a merge request of GitLab: one comment for each environment.

    apollo plan . -e stage -o markdown > plan.md
    python comment.py plan.md

Needs nothing but Python. The comment that is there already is known by the first line of the plan, which
nobody sees, and is replaced. It reads ENVIRONMENT, and

- on GitHub GITHUB_TOKEN (pull-requests: write), GITHUB_REPOSITORY, GITHUB_API_URL and NUMBER,
- on GitLab GITLAB_TOKEN (scope api), CI_PROJECT_ID, CI_API_V4_URL and CI_MERGE_REQUEST_IID.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

ON_GITLAB = "CI_API_V4_URL" in os.environ
NEEDED = (
    ("GITLAB_TOKEN", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")
    if ON_GITLAB
    else ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL", "NUMBER")
)
if missing := [name for name in ("ENVIRONMENT", *NEEDED) if not os.environ.get(name)]:
    sys.exit(f"not set, and needed to comment: {', '.join(missing)}")

if ON_GITLAB:
    AUTHORIZATION = {"PRIVATE-TOKEN": os.environ["GITLAB_TOKEN"]}
    NOTES = "{CI_API_V4_URL}/projects/{CI_PROJECT_ID}/merge_requests/{CI_MERGE_REQUEST_IID}/notes"
    COMMENTS = ONE = NOTES.format_map(os.environ)
    CHANGE = "PUT"
else:
    AUTHORIZATION = {
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    ONE = "{GITHUB_API_URL}/repos/{GITHUB_REPOSITORY}/issues/comments".format_map(os.environ)
    COMMENTS = "{GITHUB_API_URL}/repos/{GITHUB_REPOSITORY}/issues/{NUMBER}/comments".format_map(os.environ)
    CHANGE = "PATCH"


def ask(method: str, url: str, content: object = None) -> list[dict]:
    data = None if content is None else json.dumps(content).encode()
    headers = {**AUTHORIZATION, "Content-Type": "application/json", "User-Agent": "apollo-plan"}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def before(marker: str) -> int | None:
    """The comment that is there already."""
    page = 1
    while comments := ask("GET", f"{COMMENTS}?per_page=100&page={page}"):
        for comment in comments:
            somebody = comment.get("user", {}).get("type", "Bot") != "Bot"
            if comment["body"].startswith(marker) and not somebody:
                return comment["id"]
        page += 1
    return None


def main() -> None:
    environment = os.environ["ENVIRONMENT"]
    marker = f"<!-- apollo-plan env={environment} -->"
    text = Path(sys.argv[1]).read_text("utf-8")
    if not text.strip():  # the plan could not be made
        text = f"{marker}\n\n### Apollo plan for `{environment}`: failed\n\nThe log of the job says why.\n"
    if not text.startswith(marker):
        sys.exit(f"{sys.argv[1]} is no plan for {environment}")
    known = before(marker)
    if known is None:
        ask("POST", COMMENTS, {"body": text})
    else:
        ask(CHANGE, f"{ONE}/{known}", {"body": text})


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as error:
        said = error.read(300).decode(errors="replace")
        sys.exit(f"{error.url} answers {error.code} {error.reason}: {said}")
