"""What the generated models share: AWS's own structures, strict, with a way in for fields newer than ours."""

# Annotations are values here, not text: pydantic would compile the text of each anew, for every class below.

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self, cast

from pydantic import ConfigDict, GetCoreSchemaHandler, ValidationError, model_validator
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from apollo.resources import installed
from apollo.spec import Spec, lean

__all__ = ["Aws", "AwsShape", "Newer"]


class Aws(NamedTuple):
    """Which of AWS's structures a model stands for.

    ``service`` is botocore's name of the service model, ``shapes`` the structures whose members the model
    joins, ``omitted`` the members that Apollo fills in itself and no manifest may name. ``pascal``: AWS
    writes the names with a capital letter.
    """

    service: str
    shapes: tuple[str, ...]
    omitted: frozenset[str] = frozenset()
    pascal: bool = False


class AwsShape(Spec):
    """One of AWS's structures, with AWS's field names in lowerCamelCase.

    A key that the model does not have is taken when the installed botocore's packaged model has it, and is
    checked against that (type, enum, required members). Any other key is an error of type ``unknown_field``
    at the structure that holds it; its context names the ``field`` and the ``known`` fields.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": False})

    aws: ClassVar[Aws]

    @model_validator(mode="wrap")
    @classmethod
    def _newer_fields(cls, value: Any, handler: Any) -> Self:
        fields = cls.__pydantic_fields__  # what model_fields is, which costs more than the comparison
        if (type(value) is not dict and not isinstance(value, Mapping)) or value.keys() <= fields.keys():
            return cast("Self", lean(handler(value)))
        wrong = [error for name in value if name not in fields for error in cls._newer(name, value[name])]
        if not wrong:
            return cast("Self", handler({name: _set(item) for name, item in value.items()}))
        # Report what is wrong with the known fields in the same go.
        try:
            handler({name: item for name, item in value.items() if name in fields})
        except ValidationError as other:
            wrong += [_again(error) for error in other.errors(include_url=False)]
        raise ValidationError.from_exception_data(cls.__name__, wrong)

    @classmethod
    def _newer(cls, name: object, item: Any) -> list[InitErrorDetails]:
        """What is wrong with a field that this model does not have."""
        service, shapes, omitted, _ = cls.aws
        for shape in shapes if name not in omitted else ():
            if (found := installed.member(service, shape, str(name))) is not None:
                if item is None:
                    return []
                return [
                    InitErrorDetails(
                        type=PydanticCustomError("newer_field", "{why}", {"why": why}), loc=loc, input=bad
                    )
                    for loc, why, bad in installed.wrong(service, found, item, (str(name),))
                ]
        known = {"field": str(name), "known": ", ".join(cls.model_fields)}
        if name in omitted:
            error = PydanticCustomError(
                "unknown_field", "'{field}' is not for manifests: Apollo sets it", known
            )
        else:
            error = PydanticCustomError("unknown_field", "there is no field '{field}' here", known)
        return [InitErrorDetails(type=error, loc=(), input=item)]


def _set(value: Any) -> Any:
    """Data without the members that are null: null and absent are the same."""
    if isinstance(value, Mapping):
        return {name: _set(item) for name, item in value.items() if item is not None}
    return [_set(item) for item in value] if isinstance(value, list | tuple) else value


def _again(error: Any) -> InitErrorDetails:
    """An error as it was reported, ready to be raised again."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("unknown_field", "newer_field"):
        kind = PydanticCustomError(kind, error["msg"].replace("{", "{{").replace("}", "}}"), context)
    return {"type": kind, "loc": error["loc"], "input": error["input"], "ctx": context}


class Newer:
    """Marks an enum: values that only the installed botocore knows are taken, too."""

    __slots__ = ("service", "shape")

    def __init__(self, service: str, shape: str) -> None:
        self.service = service
        self.shape = shape

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._validate, handler(source))

    def _validate(self, value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError:
            if isinstance(value, str) and value in installed.enum(self.service, self.shape):
                return value
            raise
