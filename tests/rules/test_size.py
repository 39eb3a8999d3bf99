"""One file, one idea: what does not fit on a few screens is split by responsibility."""

from .sources import Function, Module, modules

FILE_LINES = 300
FUNCTION_LINES = 50
PARAMETERS = 6
# A command has as many parameters as it has options.
MANY_PARAMETERS = {"support_bot/cli.py", "support_bot/commands/customers.py"}


def parameters(function: Function) -> int:
    named = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    return sum(argument.arg not in ("self", "cls") for argument in named)


def long_functions(module: Module) -> list[str]:
    return [
        f"{module.at(function)} {function.name}"
        for function in module.functions()
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES
    ]


def test_files_fit_on_a_few_screens() -> None:
    assert [
        f"{module.name}: {lines} lines"
        for module in modules("support_bot", "ui", "tests")
        if (lines := module.text.count("\n")) > FILE_LINES
    ] == []


def test_functions_fit_on_one_screen() -> None:
    assert [entry for module in modules("support_bot", "ui", "tests") for entry in long_functions(module)] == []


def test_functions_take_few_parameters() -> None:
    assert [
        f"{module.at(function)} {function.name}"
        for module in modules("support_bot", "ui", "tests")
        if module.name not in MANY_PARAMETERS
        for function in module.functions()
        if parameters(function) > PARAMETERS
    ] == []
