"""Which policy holds for a file."""

from __future__ import annotations

from optlint.settings.config import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.rule import Registry
    from optlint.settings.config import Config
    from optlint.settings.policy import Policy
    from optlint.settings.selection import Selection


class Policies:
    """The policy of each configuration; rules are loaded when the first is asked for."""

    def __init__(self, command_line: Selection, registry: Registry | None = None) -> None:
        self.command_line = command_line
        self._registry = registry
        self._of_config: dict[Config, Policy] = {}

    def of(self, config: Config) -> Policy:
        """The policy of this configuration; `ConfigError` if it names a rule that does not exist."""
        if config not in self._of_config:
            self._of_config[config] = self._built(config)
        return self._of_config[config]

    def validate(self, config: Config) -> None:
        """Raise `ConfigError` now if the configuration or the command line names a rule that does not exist."""
        if config.rule_words or any(self.command_line):
            self.of(config)

    @property
    def registry(self) -> Registry:
        """Every rule there is."""
        from optlint.own_rules import all_rules

        self._registry = self._registry or all_rules()
        return self._registry

    def _built(self, config: Config) -> Policy:
        from optlint.settings.policy import policy_of
        from optlint.settings.selection import UnknownRuleError, enabled_codes

        where: str | None = "command line"
        try:
            enabled_codes(self.registry, self.command_line)
            where = config.path
            return policy_of(self.registry, config, self.command_line)
        except UnknownRuleError as error:
            raise ConfigError(f"{where}: {error}") from None
