"""Container images in ECR.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from apollo.api import AwsError, Context, Problem, is_unknown
from apollo.controllers.existence.base import Existing, Unknown, find, pages

__all__ = ["ACTIONS", "image_problems", "platform_of"]

ACTIONS = frozenset({"ecr:BatchGetImage", "ecr:DescribePullThroughCacheRules"})

_HOST = re.compile(r"(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)")
_MANIFESTS: Final = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
_ABSENT: Final = frozenset(
    {"ImageNotFound", "ImageTagDoesNotMatchDigest", "InvalidImageDigest", "InvalidImageTag"}
)
_ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}


@frozen
class ImageKey:
    """An image of a registry. ``mark`` is a tag or, with a colon in it, a digest."""

    registry: str
    repository: str
    mark: str


@frozen
class Image:
    """An image that is there.

    :ivar platforms: ``os/architecture`` of each member of an image index; empty when it is a single image,
        whose manifest does not say.
    """

    digest: str
    platforms: frozenset[str] = frozenset()
    repository_missing: bool = False
    trouble: str = ""
    """Why ECR cannot tell: a key that it may not use, a registry behind it that does not answer."""


class _Images(Existing[ImageKey, Image]):
    """BatchGetImage: 100 images of one repository in a call."""

    name = "ecr.BatchGetImage"
    action = "ecr:BatchGetImage"
    batch = 100

    def scope(self, key: ImageKey) -> Hashable:
        return (key.registry, key.repository)

    async def look(self, ctx: Context, keys: Sequence[ImageKey]) -> Mapping[ImageKey, Image]:
        names = [("imageDigest" if ":" in key.mark else "imageTag", key.mark) for key in keys]
        try:
            answer = await ctx.read(
                "ecr",
                "BatchGetImage",
                registryId=keys[0].registry,
                repositoryName=keys[0].repository,
                imageIds=[{name: mark} for name, mark in names],
                acceptedMediaTypes=list(_MANIFESTS),
            )
        except AwsError as error:
            if error.aws_code != "RepositoryNotFoundException":
                raise
            return dict.fromkeys(keys, Image("", repository_missing=True))
        found: dict[str, Image] = {}
        for one in answer.get("images") or ():
            image = Image(str(one["imageId"].get("imageDigest", "")), _platforms(one.get("imageManifest")))
            found[image.digest] = image
            if one["imageId"].get("imageTag"):
                found[str(one["imageId"]["imageTag"])] = image
        for one in answer.get("failures") or ():
            if one.get("failureCode") not in _ABSENT:
                trouble = str(one.get("failureReason") or one.get("failureCode"))
                found.update((str(mark), Image("", trouble=trouble)) for mark in one["imageId"].values())
        return {key: found[key.mark] for key in keys if key.mark in found}


class _CachePrefixes(Existing[str, tuple[str, ...]]):
    """DescribePullThroughCacheRules: repositories with these prefixes are filled when they are first pulled
    from. Keys are registries."""

    name = "ecr.DescribePullThroughCacheRules"
    action = "ecr:DescribePullThroughCacheRules"
    batch = 1

    async def look(self, ctx: Context, keys: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        rules = [
            str(rule.get("ecrRepositoryPrefix", ""))
            async for page in pages(
                ctx, "ecr", "DescribePullThroughCacheRules", "nextToken", registryId=keys[0]
            )
            for rule in page.get("pullThroughCacheRules") or ()
        ]
        return {keys[0]: tuple(rules)}


IMAGES = _Images()
CACHE_PREFIXES = _CachePrefixes()


def _platforms(manifest: Any) -> frozenset[str]:
    try:
        members = json.loads(manifest or "{}").get("manifests") or ()
        named = [(one.get("platform") or {}) for one in members]
        return frozenset(f"{one['os']}/{one['architecture']}" for one in named if one.get("architecture"))
    except (ValueError, AttributeError, KeyError, TypeError):
        return frozenset()


async def image_problems(ctx: Context, image: str, path: str, platform: str) -> Iterable[Problem]:
    """What is wrong with an image, or which digest its tag means now.

    :param platform: ``os/architecture`` that it must be there for; empty when the task does not say.
    """
    host, _, rest = image.partition("/")
    found = _HOST.fullmatch(host)
    if is_unknown(image):
        return ()
    if found is None:
        registry = host if "." in host or ":" in host or host == "localhost" else "docker.io"
        why = "only registries of ECR are asked"
        return [Unknown(why, "APO-PRE-003").told(f"images of {registry if rest else 'docker.io'}", path)]
    registry, region = found[1], found[2]
    if ctx.env.region and region != ctx.env.region:
        why = f"{region} is not the region of this environment"
        return [Unknown(why, "APO-PRE-003").told(f"images of {host}", path)]
    tagged, at, digest = rest.partition("@")
    repository, _, tag = tagged.partition(":")
    key = ImageKey(registry, repository, digest if at else tag or "latest")
    live = await find(ctx, IMAGES, key)
    if isinstance(live, Unknown):
        return [live.told(f"images of {host}", path)]
    if live is not None and live.trouble:
        return [Unknown(live.trouble).told(f"images of {host}", path)]
    if live is None or live.repository_missing:
        return await _missing(ctx, image, key, live is not None, path)
    problems = []
    if platform and live.platforms and not _fits(platform, live.platforms):
        problems.append(
            Problem(
                "APO-PRE-011",
                f"image {image} is there for {', '.join(sorted(live.platforms))}, and not for {platform}",
                path=path,
                hint=f"push it for {platform} too, or set runtimePlatform.cpuArchitecture to what it is for",
            )
        )
    if not at:
        problems.append(Problem("APO-PRE-012", f"{image} is {live.digest}", path=path, severity="note"))
    return problems


def _fits(platform: str, there: frozenset[str]) -> bool:
    return any(one == platform or one.startswith(f"{platform}/") for one in there)


async def _missing(
    ctx: Context, image: str, key: ImageKey, no_repository: bool, path: str
) -> Iterable[Problem]:
    rules = await find(ctx, CACHE_PREFIXES, key.registry)
    for prefix in () if isinstance(rules, Unknown) else rules or ():
        if prefix == "ROOT" or key.repository.startswith(f"{prefix}/"):
            why = "they are fetched through the cache rule of the registry when they are first pulled"
            return [Unknown(why, "APO-PRE-003").told(f"images of {prefix}/ that ECR does not hold", path)]
    if no_repository:
        message = f"image {image}: registry {key.registry} has no repository {key.repository}"
        hint = "create the repository and push the image, or correct the name"
    else:
        kind = "digest" if ":" in key.mark else "tag"
        message = f"image {image}: repository {key.repository} has no {kind} {key.mark}"
        hint = "push the image before the merge, or name one that is there"
    return [Problem("APO-PRE-010", message, path=path, hint=hint)]


def platform_of(declared: Mapping[str, Any]) -> str:
    """``os/architecture`` that a task definition runs on for certain, or an empty string."""
    runtime = declared.get("runtimePlatform") or {}
    system = str(runtime.get("operatingSystemFamily") or "LINUX")
    architecture = runtime.get("cpuArchitecture")
    if architecture is None and declared.get("requiresCompatibilities") == ["FARGATE"]:
        architecture = "X86_64"
    if architecture not in _ARCHITECTURES:
        return ""
    return f"{'windows' if system.startswith('WINDOWS') else 'linux'}/{_ARCHITECTURES[architecture]}"
