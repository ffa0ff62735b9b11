#include <algorithm>
#include <array>

#include "catalogue/effects.h"

// Assignments that change what programs do. Unlisted names are data and have no effect.

namespace countersign::catalogue {

using model::Effect;
using model::EffectKind;

namespace {

enum class Danger {
    LoadsCode,     ///< makes programs load or run code of the value's choosing
    FindsCode,     ///< changes where programs or modules are found
    IsCommand,     ///< the value is a command that some program will run
    SendsTraffic,  ///< sends requests elsewhere or weakens their checks
    NamesFile      ///< names a file that later commands write to
};

struct Variable {
    std::string_view name;  ///< with a trailing "*": every name that begins so
    Danger danger;
};

// Sources: ld.so(8), bash(1), git(1), perlrun(1), python(1), node(1), java launcher, ssh(1),
// less(1).
constexpr std::array kVariables = {
    Variable{"LD_PRELOAD", Danger::LoadsCode},
    Variable{"LD_LIBRARY_PATH", Danger::FindsCode},
    Variable{"LD_AUDIT", Danger::LoadsCode},
    Variable{"LD_*", Danger::LoadsCode},
    Variable{"DYLD_*", Danger::LoadsCode},
    Variable{"GCONV_PATH", Danger::LoadsCode},
    Variable{"GTK_MODULES", Danger::LoadsCode},
    Variable{"QT_PLUGIN_PATH", Danger::LoadsCode},
    Variable{"OPENSSL_CONF", Danger::LoadsCode},
    Variable{"OPENSSL_ENGINES", Danger::LoadsCode},
    Variable{"PATH", Danger::FindsCode},
    Variable{"BASH_ENV", Danger::LoadsCode},
    Variable{"ENV", Danger::LoadsCode},
    Variable{"BASH_FUNC_*", Danger::LoadsCode},
    Variable{"SHELLOPTS", Danger::LoadsCode},
    Variable{"BASHOPTS", Danger::LoadsCode},
    Variable{"PS4", Danger::LoadsCode},
    Variable{"PROMPT_COMMAND", Danger::IsCommand},
    Variable{"IFS", Danger::FindsCode},
    Variable{"ZDOTDIR", Danger::LoadsCode},
    Variable{"SHELL", Danger::FindsCode},
    Variable{"HOME", Danger::FindsCode},
    Variable{"XDG_CONFIG_HOME", Danger::FindsCode},
    Variable{"PYTHONSTARTUP", Danger::LoadsCode},
    Variable{"PYTHONPATH", Danger::FindsCode},
    Variable{"PYTHONHOME", Danger::FindsCode},
    Variable{"PYTHONINSPECT", Danger::LoadsCode},
    Variable{"PYTHONWARNINGS", Danger::LoadsCode},
    Variable{"PYTHONBREAKPOINT", Danger::LoadsCode},
    Variable{"PERL5LIB", Danger::FindsCode},
    Variable{"PERL5OPT", Danger::LoadsCode},
    Variable{"PERL5DB", Danger::LoadsCode},
    Variable{"RUBYOPT", Danger::LoadsCode},
    Variable{"RUBYLIB", Danger::FindsCode},
    Variable{"NODE_PATH", Danger::FindsCode},
    Variable{"NODE_EXTRA_CA_CERTS", Danger::SendsTraffic},
    Variable{"NODE_TLS_REJECT_UNAUTHORIZED", Danger::SendsTraffic},
    Variable{"JAVA_TOOL_OPTIONS", Danger::LoadsCode},
    Variable{"_JAVA_OPTIONS", Danger::LoadsCode},
    Variable{"JDK_JAVA_OPTIONS", Danger::LoadsCode},
    Variable{"LUA_INIT*", Danger::LoadsCode},
    Variable{"RUSTC_WRAPPER", Danger::IsCommand},
    Variable{"RUSTC", Danger::IsCommand},
    Variable{"MAKEFLAGS", Danger::LoadsCode},
    Variable{"MAKEFILES", Danger::LoadsCode},
    Variable{"AUTOM4TE", Danger::IsCommand},
    Variable{"GROFF_BIN_PATH", Danger::FindsCode},
    Variable{"GIT_SSH", Danger::IsCommand},
    Variable{"GIT_SSH_COMMAND", Danger::IsCommand},
    Variable{"GIT_PROXY_COMMAND", Danger::IsCommand},
    Variable{"GIT_ASKPASS", Danger::IsCommand},
    Variable{"SSH_ASKPASS", Danger::IsCommand},
    Variable{"SUDO_ASKPASS", Danger::IsCommand},
    Variable{"GIT_EDITOR", Danger::IsCommand},
    Variable{"GIT_SEQUENCE_EDITOR", Danger::IsCommand},
    Variable{"GIT_PAGER", Danger::IsCommand},
    Variable{"GIT_EXTERNAL_DIFF", Danger::IsCommand},
    Variable{"GIT_EXEC_PATH", Danger::FindsCode},
    Variable{"GIT_TEMPLATE_DIR", Danger::FindsCode},
    Variable{"GIT_CONFIG*", Danger::LoadsCode},
    Variable{"GIT_DIR", Danger::FindsCode},
    Variable{"GIT_SSL_NO_VERIFY", Danger::SendsTraffic},
    Variable{"EDITOR", Danger::IsCommand},
    Variable{"VISUAL", Danger::IsCommand},
    Variable{"FCEDIT", Danger::IsCommand},
    Variable{"SYSTEMD_EDITOR", Danger::IsCommand},
    Variable{"KUBE_EDITOR", Danger::IsCommand},
    Variable{"PAGER", Danger::IsCommand},
    Variable{"MANPAGER", Danger::IsCommand},
    Variable{"SYSTEMD_PAGER", Danger::IsCommand},
    Variable{"AWS_PAGER", Danger::IsCommand},
    Variable{"PSQL_PAGER", Danger::IsCommand},
    Variable{"CRASHPAGER", Danger::IsCommand},
    Variable{"BROWSER", Danger::IsCommand},
    Variable{"LESSOPEN", Danger::IsCommand},
    Variable{"LESSCLOSE", Danger::IsCommand},
    Variable{"RSYNC_RSH", Danger::IsCommand},
    Variable{"CVS_RSH", Danger::IsCommand},
    Variable{"TAR_OPTIONS", Danger::LoadsCode},
    Variable{"http_proxy", Danger::SendsTraffic},
    Variable{"https_proxy", Danger::SendsTraffic},
    Variable{"HTTP_PROXY", Danger::SendsTraffic},
    Variable{"HTTPS_PROXY", Danger::SendsTraffic},
    Variable{"ALL_PROXY", Danger::SendsTraffic},
    Variable{"SSL_CERT_FILE", Danger::SendsTraffic},
    Variable{"CURL_CA_BUNDLE", Danger::SendsTraffic},
    Variable{"PIP_INDEX_URL", Danger::SendsTraffic},
    Variable{"PIP_EXTRA_INDEX_URL", Danger::SendsTraffic},
    Variable{"npm_config_registry", Danger::SendsTraffic},
    Variable{"NPM_CONFIG_REGISTRY", Danger::SendsTraffic},
    Variable{"GOPROXY", Danger::SendsTraffic},
    Variable{"GOFLAGS", Danger::LoadsCode},
    Variable{"GONOSUMDB", Danger::SendsTraffic},
    Variable{"DOCKER_HOST", Danger::SendsTraffic},
    Variable{"KUBECONFIG", Danger::SendsTraffic},
    Variable{"COUNTERSIGN_*", Danger::LoadsCode},
    Variable{"HISTFILE", Danger::SendsTraffic},
    Variable{"HISTSIZE", Danger::SendsTraffic},
    Variable{"HISTFILESIZE", Danger::SendsTraffic},
    Variable{"HISTCONTROL", Danger::SendsTraffic},
    Variable{"HISTIGNORE", Danger::SendsTraffic},
    Variable{"HISTTIMEFORMAT", Danger::SendsTraffic},
    Variable{"GITHUB_OUTPUT", Danger::NamesFile},
    Variable{"GITHUB_STATE", Danger::NamesFile},
    Variable{"GITHUB_STEP_SUMMARY", Danger::NamesFile},
    Variable{"RUNNER_TEMP", Danger::NamesFile},
};

// Files that a CI service makes for each step and names to it: what the step tells the service goes
// there (GitHub Actions, "Workflow commands", "Environment files"). GITHUB_ENV and GITHUB_PATH are
// not among them: what is written there changes what later steps run.
struct Given {
    std::string_view name;
    std::string_view path;  ///< stands for it: temporary, and says what it is
};
constexpr std::array kGiven = {Given{"GITHUB_OUTPUT", "/tmp/$GITHUB_OUTPUT"},
                               Given{"GITHUB_STATE", "/tmp/$GITHUB_STATE"},
                               Given{"GITHUB_STEP_SUMMARY", "/tmp/$GITHUB_STEP_SUMMARY"},
                               Given{"RUNNER_TEMP", "/tmp/$RUNNER_TEMP"}};

// Values that switch a pager, an editor or a proxy off; agents set them all the time.
constexpr std::array<std::string_view, 12> kPlainValues = {
    "",          "cat",           "less",     "more",      "true",    ":",
    "/bin/true", "/usr/bin/true", "/bin/cat", "less -FRX", "less -R", "false"};

struct Telling {
    Danger danger;
    std::string_view detail;
};
constexpr std::array kTellings = {
    Telling{Danger::LoadsCode, "makes programs load or run other code"},
    Telling{Danger::FindsCode, "changes where programs and their parts are found"},
    Telling{Danger::IsCommand, "names a command that a program will run"},
    Telling{Danger::SendsTraffic, "redirects or hides what programs do"},
    Telling{Danger::NamesFile, "changes which file later commands write to"}};

const Variable* variable_named(std::string_view name) {
    for (const Variable& variable : kVariables) {
        const bool family = variable.name.ends_with('*');
        const std::string_view stem =
            variable.name.substr(0, variable.name.size() - (family ? 1 : 0));
        if (family ? name.starts_with(stem) : name == stem) {
            return &variable;
        }
    }
    return nullptr;
}

/// Whether every directory of a search path lies in the workspace.
bool stays_inside(const model::Word& value, const Place& place) {
    if (!value.value.has_value()) {
        return false;
    }
    const std::string_view list = *value.value;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find(':', at), list.size());
        const auto resolved = resolve_path(list.substr(at, end - at), place);
        if (!resolved || class_of_path(*resolved, place) != model::Place::Workspace) {
            return false;
        }
        at = end + 1;
    }
    return true;
}

bool is_plain(const model::Word& value) {
    return value.value.has_value() &&
           std::find(kPlainValues.begin(), kPlainValues.end(), *value.value) != kPlainValues.end();
}

}  // namespace

std::string_view given_path(const model::Word& word) {
    const std::string* const name = word.value ? nullptr : word.variable();
    if (name == nullptr) {
        return {};
    }
    const auto* const given = std::find_if(kGiven.begin(), kGiven.end(),
                                           [&](const Given& item) { return item.name == *name; });
    return given != kGiven.end() ? given->path : std::string_view();
}

void apply_assignment(std::string_view name, const model::Word& value, const Place& place,
                      Understanding& out) {
    const Variable* variable = variable_named(name);
    if (variable == nullptr) {
        return;
    }
    const bool can_be_plain =
        variable->danger == Danger::IsCommand || variable->danger == Danger::SendsTraffic;
    const bool hides = name.starts_with("HIST") || name == "GIT_SSL_NO_VERIFY";
    if (can_be_plain && !hides && is_plain(value)) {
        return;
    }
    Effect effect;
    effect.kind = EffectKind::Env;
    effect.target = name;
    effect.place = variable->danger == Danger::FindsCode && stays_inside(value, place)
                       ? model::Place::Workspace
                       : model::Place::None;
    effect.span = value.span;
    effect.detail = kTellings[static_cast<std::size_t>(variable->danger)].detail;
    out.effects.push_back(std::move(effect));
    if (variable->danger == Danger::IsCommand) {
        Inner inner;
        inner.kind = Inner::Kind::Shell;
        inner.text = value;
        inner.language = "sh";
        out.inner.push_back(std::move(inner));
    }
}

}  // namespace countersign::catalogue
