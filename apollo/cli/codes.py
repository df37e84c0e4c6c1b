"""What every error code means, for ``apollo explain CODE``. The larger rooms keep their own tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES", "lookup"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "APO-CLI-001": (
        "The command line does not say what to do.",
        "Read the command's --help; it has an example.",
    ),
    "APO-CLI-002": (
        "A file of this machine cannot be read or written.",
        "Check the path and its permissions.",
    ),
    "APO-CLI-003": (
        "Something happened that Apollo did not expect.",
        "Run the same command with --debug and report what it prints.",
    ),
    "APO-CLI-010": ("There is no kind of that name here.", "apollo plugins list shows the kinds."),
    "APO-CLI-011": (
        "The kind has no field of that name.",
        "apollo explain KIND lists the fields, level by level.",
    ),
    "APO-CLI-012": ("There is no such error code.", "Codes look like APO-LOAD-021."),
    "APO-CLI-020": (
        "The port for the local AWS is taken or not allowed.",
        "Leave --port out for a free one.",
    ),
    "APO-CLI-030": (
        "The command needs Apollo's configuration, and there is none.",
        "Name it with -f, or give a PATH and say -e, --cluster, --region and --var.",
    ),
    "APO-CLI-031": ("The configuration has several environments.", "Name one with -e."),
    "APO-CLI-032": ("The configuration has no environment of that name.", "Check -e against the file of -f."),
    "APO-CLI-033": ("An argument of --var is not NAME=VALUE.", "Write --var domain=example.com."),
    "APO-CLI-034": (
        "-f names an environment variable that is not set.",
        "Give it the text of apollo.yaml.",
    ),
    "APO-CLI-035": (
        "-f names a place in git that is not understood, or that holds no such file.",
        "Write git+https://HOST/REPOSITORY//FILE?ref=BRANCH.",
    ),
    "APO-CLI-040": (
        "apply would have had to ask, and there was no terminal; nothing was written.",
        "Review the plan, then use --yes.",
    ),
    "APO-CLI-041": ("The answer was no; nothing was written.", ""),
    "APO-CLI-050": ("The file is not a plan file.", "apollo plan … --out FILE writes one."),
    "APO-CLI-051": ("The plan file was written by another version of Apollo.", "Plan again."),
    "APO-CLI-052": ("The plan file is of another environment than -e names.", "Leave -e out, or plan again."),
    "APO-CLI-053": (
        "Variables that look like secrets are not kept in a plan file.",
        "Give them to apply again with --var.",
    ),
    "APO-CLI-054": (
        "The commit, the configuration or AWS moved since the plan file was written; nothing was changed.",
        "Plan again, review again, apply again.",
    ),
    "APO-CLI-060": ("There is no such resource in the environments looked at.", "apollo get lists them."),
    "APO-CLI-070": (
        "The command needs a store that outlives a process, and the configuration has none.",
        "Set spec.store of the Installation, e.g. sqlite:.apollo/state.db.",
    ),
    "APO-CLI-071": (
        "The store cannot be opened or written.",
        "Check its path, its disk and its permissions.",
    ),
    "APO-CLI-080": (
        "What set image should edit is not there, or is written in more than one place.",
        "Name the file itself.",
    ),
    "APO-CONF-010": (
        "The environment says nothing about where its manifests are.",
        "Add spec.source with repo and branch, or name a PATH on the command line.",
    ),
    "APO-CONF-011": ("There is no environment of that name.", "Check the name against the configuration."),
    "APO-ECS-001": (
        "The ECS cluster does not exist in this account and region.",
        "Create it, or correct spec.cluster of the service or of the Environment.",
    ),
    "APO-ECS-002": (
        "AWS does not say whether the service exists.",
        "Nothing to do: Apollo asks again, and changes nothing before it knows.",
    ),
    "APO-ELB-002": (
        "The listener does not exist in this account and region.",
        "Correct spec.listenerArn, or create the listener.",
    ),
    "APO-GENERAL-001": ("An error without a code of its own.", "Read its message."),
    "APO-GENERAL-002": (
        "Something that may pass.",
        "Nothing to do: Apollo tries again, more and more slowly.",
    ),
    "APO-GENERAL-003": (
        "Something that stays until git or the configuration changes.",
        "Read its message, correct the manifest, commit.",
    ),
    "APO-GIT-001": ("The path is not a git repository.", "Check spec.source.repo of the environment."),
    "APO-GIT-002": ("The repository has no such branch.", "Check spec.source.branch; push the branch."),
    "APO-GIT-003": (
        "The branch was deleted. The last good commit stays in force and nothing is pruned.",
        "Push the branch again, or remove the environment from the configuration.",
    ),
    "APO-GIT-004": (
        "The remote repository cannot be reached. The last good commit stays in force.",
        "Check the URL, the network and the git host's status.",
    ),
    "APO-GIT-005": ("The remote repository refused access.", "Check spec.source.auth and what it may read."),
    "APO-GIT-006": (
        "The host key is unknown, or not the expected one.",
        "Put the host's key into the file of spec.source.knownHosts.",
    ),
    "APO-GIT-007": (
        "git took too long and was stopped.",
        "Check the network and the size of the repository.",
    ),
    "APO-GIT-008": (
        "The branch was rewritten, and nonFastForward: hold keeps the commit in force.",
        "Restore the branch, or set spec.source.nonFastForward: accept.",
    ),
    "APO-GIT-009": ("The repository is damaged.", "Run git fsck; restore or clone it anew."),
    "APO-GIT-010": (
        "Objects of the commit are missing (a push or fetch in the middle).",
        "Nothing to do: Apollo looks again. If it lasts, run git fsck.",
    ),
    "APO-GIT-011": ("The repository does not have that commit.", "Check the revision; fetch or push it."),
    "APO-GIT-012": (
        "A setting of the source is not accepted (scheme, host, branch, folder).",
        "Use a local path, https:// or ssh://; names by git's own rules.",
    ),
    "APO-GIT-013": ("The git credential cannot be read.", "Check spec.source.auth."),
    "APO-GIT-014": ("git itself failed or is missing.", "Install git; read its message."),
    "APO-GIT-015": (
        "The folder of manifests is larger than Apollo reads.",
        "Set spec.source.path to the folder that holds manifests only.",
    ),
    "APO-PLAN-001": (
        "Resources wait for each other in a circle; what does not hang on it goes on.",
        "Remove one of the references or dependsOn entries that the message names.",
    ),
    "APO-PLAN-010": (
        "There is something else to do than in the plan that was agreed to.",
        "Git, the configuration or AWS moved since: look at the new plan.",
    ),
    "APO-PLUGIN-001": ("A kind is not known.", "apollo plugins list; install the package that brings it."),
    "APO-PLUGIN-002": ("The package that brings a kind does not load.", "apollo plugins list says why."),
    "APO-PLUGIN-003": (
        "The package was written for another version of Apollo's contract.",
        "Install a release of it that fits.",
    ),
    "APO-PLUGIN-004": ("Two packages bring the same kind.", "Remove one of them."),
    "APO-PLUGIN-005": ("The package may not be loaded here.", "Allow it, or do without its kind."),
    "APO-PLUGIN-006": (
        "Apollo's own kinds or gates are not installed properly.",
        "Install apollo-ecs again.",
    ),
    "APO-PLUGIN-010": ("A controller failed in an unexpected way.", "Report it to the author of the kind."),
    "APO-PLUGIN-011": (
        "A controller answered something that the contract does not know.",
        "Report it to the author of the kind; the kinds of other packages go on.",
    ),
    "APO-PLUGIN-012": (
        "The code of a plugin blocks. It is not called again before it answers; nothing else waits for it.",
        "Report it to the author of the kind.",
    ),
    "APO-PLUGIN-020": (
        "A plugin's name is a namespace and what it is.",
        "apollo plugins new acme-queue, for example: it brings the kind acme.Queue.",
    ),
    "APO-PLUGIN-021": ("The folder of the new plugin cannot be used.", "Name another one with --out."),
    "APO-PLUGIN-030": (
        "There is no kind to check: only Apollo's own are installed.",
        "pip install -e . in the folder of the plugin, or name a kind.",
    ),
    "APO-PLUGIN-031": (
        "The checks against a local AWS need the extra testing.",
        "pip install 'apollo-ecs[testing]'.",
    ),
    "APO-WEB-001": (
        "Answering HTTP needs packages that are not installed.",
        'pip install "apollo-ecs[web]", or leave --listen, APOLLO_LISTEN and spec.http away.',
    ),
    "APO-WEB-002": (
        "The address of --listen, APOLLO_LISTEN or spec.http cannot be listened on.",
        "Write an address of this machine and a free port, such as 127.0.0.1:8080.",
    ),
    "APO-WEB-003": (
        "A variable asks for OpenTelemetry traces, and the packages for them are not installed.",
        'pip install "apollo-ecs[otel]", or take OTEL_EXPORTER_OTLP_ENDPOINT away.',
    ),
    "APO-IMP-001": ("There is nothing to import there.", "Name files, ARNs, or --cluster."),
    "APO-IMP-002": (
        "A document that is not what was expected: no service, no task definition, no project file.",
        "The message says what it seems to be; name the dialect with --from where it is told wrongly.",
    ),
    "APO-IMP-003": ("Jsonnet is a program; Apollo evaluates none.", "Run jsonnet and import what it prints."),
    "APO-IMP-004": ("What a resource needs was refused.", "Mend the refused one; both are imported then."),
    "APO-IMP-005": (
        "A template with statements ({{ if … }}, {% … %}), which is no document before it is rendered.",
        "Render it with its own tool and import the result.",
    ),
    "APO-IMP-006": (
        "A template's value depends on what the template does not tell.",
        "Say what its parameters are with --var NAME=VALUE.",
    ),
    "APO-IMP-007": ("A file to be written exists already.", "Choose another --out, or use --force."),
    "APO-IMP-008": (
        "An ARN of something that is not imported.",
        "Name services, task definitions, listener rules or scalable targets.",
    ),
    "APO-IMP-009": (
        "What was asked for is not in this account and region.",
        "Check the ARN or the name, and --region and --profile.",
    ),
    "APO-IMP-011": (
        "A project names a file that cannot be read.",
        "Import the project as it lies in its repository.",
    ),
    "APO-STORE-001": ("The store's address is not usable.", "Write sqlite:PATH, or none."),
}


def lookup(code: str) -> tuple[str, str] | None:
    """Meaning and remedy of a code; the remedy may be empty. None when there is no such code."""
    from apollo.aws import CODES as AWS_CODES
    from apollo.cli.explained import SPEC_CODES
    from apollo.cli.preflight_codes import CODES as PREFLIGHT_CODES
    from apollo.manifest.codes import CODES as MANIFEST_CODES

    if code in CODES:
        return CODES[code]
    if code in SPEC_CODES:
        return SPEC_CODES[code].meaning, SPEC_CODES[code].remedy
    if code in PREFLIGHT_CODES:
        return PREFLIGHT_CODES[code]
    if code in AWS_CODES:
        return AWS_CODES[code].meaning, AWS_CODES[code].remedy
    if code in MANIFEST_CODES:
        return MANIFEST_CODES[code], "The message names the file, the line, and what to write instead."
    return None
