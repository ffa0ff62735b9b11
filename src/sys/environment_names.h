// Environment variables that change which program or code runs, where a program sends or what it
// loads (bypasses 7, 10, 24). Doors report them with an action; a shell that we start for an agent
// does not get those that would run code before the decided text.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace countersign::sys {

/// Reported when set. Sorted.
inline constexpr std::array<std::string_view, 66> kEnvironmentThatMatters = {
    "BASHOPTS",
    "BASH_ENV",
    "BASH_LOADABLES_PATH",
    "BROWSER",
    "CC",
    "CDPATH",
    "COMPILER_PATH",
    "CXX",
    "DOCKER_HOST",
    "EDITOR",
    "ENV",
    "GCC_EXEC_PREFIX",
    "GCONV_PATH",
    "GIT_ASKPASS",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_SYSTEM",
    "GIT_DIR",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TEMPLATE_DIR",
    "GIT_WORK_TREE",
    "GLOBIGNORE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "KUBECONFIG",
    "LESSCLOSE",
    "LESSOPEN",
    "LUA_INIT",
    "MAKEFILES",
    "MAKEFLAGS",
    "MANPAGER",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PAGER",
    "PATH",
    "PERL5DB",
    "PERL5LIB",
    "PERL5OPT",
    "PGHOST",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
    "RUSTC_WRAPPER",
    "SHELLOPTS",
    "TAR_OPTIONS",
    "VISUAL",
    "ZDOTDIR",
    "all_proxy"};

/// Reported when a name starts with one of these.
inline constexpr std::array<std::string_view, 5> kEnvironmentPrefixesThatMatter = {
    "LD_", "BASH_FUNC_", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "npm_config_"};

/// Bash runs, or takes meaning for the text from, these before it reads the text (bash(1)):
/// the text was decided without them, so it runs without them.
inline constexpr std::array<std::string_view, 9> kEnvironmentNotForBash = {
    "BASHOPTS", "BASH_ENV",       "CDPATH", "ENV",      "GLOBIGNORE",
    "IFS",      "PROMPT_COMMAND", "PS4",    "SHELLOPTS"};

inline bool matters(std::string_view name) {
    const auto starts = [&](std::string_view prefix) { return name.starts_with(prefix); };
    static_assert(std::ranges::is_sorted(kEnvironmentThatMatters));
    return std::ranges::binary_search(kEnvironmentThatMatters, name) ||
           std::ranges::any_of(kEnvironmentPrefixesThatMatter, starts);
}

inline bool kept_from_bash(std::string_view name) {
    return name.starts_with("BASH_FUNC_") ||
           std::ranges::find(kEnvironmentNotForBash, name) != kEnvironmentNotForBash.end();
}

}  // namespace countersign::sys
