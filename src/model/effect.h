// Effects (what would happen, to what) and findings (facts about content). Values; thread safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/command.h"
#include "model/names.h"

namespace countersign::model {

enum class EffectKind {
    Read,
    Write,
    Create,
    Delete,
    Rename,
    Chmod,
    Execute,
    Eval,
    Env,
    Download,
    Upload,
    Connect,
    Listen,
    Signal,
    Privilege,
    Persist,
    Configure,
    Identity,
    Publish,
    Deploy,
    Infra,
    DbRead,
    DbWrite,
    DbSchema,
    SecretRead,
    Unknown
};

inline constexpr std::array<std::string_view, 26> kEffectKindNames = {
    "read",      "write",    "create",    "delete",      "rename",  "chmod",  "execute",
    "eval",      "env",      "download",  "upload",      "connect", "listen", "signal",
    "privilege", "persist",  "configure", "identity",    "publish", "deploy", "infra",
    "db_read",   "db_write", "db_schema", "secret_read", "unknown"};

constexpr std::string_view effect_kind_name(EffectKind kind) {
    return name_in(kEffectKindNames, kind);
}
constexpr std::optional<EffectKind> effect_kind_from(std::string_view name) {
    return value_in<EffectKind>(kEffectKindNames, name);
}

/// What kind of place a target is. Paths are classed after resolution against the working
/// directory, "..", and "~"; hosts by name and address.
enum class Place {
    Unknown,  ///< the target itself is not known
    None,     ///< the effect has no target
    // Paths.
    Workspace,       ///< inside the session's workspace
    Temporary,       ///< /tmp, /var/tmp, /dev/shm, $TMPDIR
    Home,            ///< the user's home, outside the workspace
    Secret,          ///< keys, tokens, credential stores, browser stores, histories, environ
    System,          ///< /etc, /usr, /var, /opt ...
    Boot,            ///< /boot, firmware, kernel modules
    Device,          ///< block devices and other dangerous device nodes
    VersionControl,  ///< .git internals and hooks
    Ci,              ///< CI definitions (they run elsewhere, with other rights)
    Startup,         ///< shell start-up files, autostart, ssh rc
    Schedule,        ///< cron, at, systemd units and timers
    Gateway,         ///< this gateway's own state, keys, sockets, policies, program
    OtherPath,       ///< any other path
    // Hosts.
    Loopback,
    PrivateHost,
    MetadataService,
    PublicHost,
    OnionHost,
    PasteOrTunnel,
    // The rest.
    Database,  ///< relation, schema, role, function of a database
    Process,   ///< a running process
    Package,   ///< a package of some registry
    Account,   ///< a user, role, key or policy of an identity system
    Service    ///< a deployed thing: container, pod, unit, stack, bucket
};

inline constexpr std::array<std::string_view, 26> kPlaceNames = {
    "unknown",         "none",         "workspace",
    "temporary",       "home",         "secret",
    "system",          "boot",         "device",
    "version_control", "ci",           "startup",
    "schedule",        "gateway",      "other_path",
    "loopback",        "private_host", "metadata_service",
    "public_host",     "onion_host",   "paste_or_tunnel",
    "database",        "process",      "package",
    "account",         "service"};

constexpr std::string_view place_name(Place place) {
    return name_in(kPlaceNames, place);
}
constexpr std::optional<Place> place_from(std::string_view name) {
    return value_in<Place>(kPlaceNames, name);
}

/// One thing that would happen.
struct Effect {
    EffectKind kind = EffectKind::Unknown;
    /// Absolute path, host[:port], relation, package ...; empty and Place::Unknown when not known.
    std::string target;
    Place place = Place::Unknown;
    bool recursive = false;    ///< reaches everything below or matching the target
    bool reversible = false;   ///< can be undone by ordinary means (git, a stage, a repeat)
    bool conditional = false;  ///< may not happen
    std::size_t command = 0;   ///< index into the judged commands; 0 for kinds without commands
    Span span;
    std::string detail;  ///< short human words, such as "forced push" ; may be empty

    bool operator==(const Effect&) const = default;
};

enum class Severity { Info, Low, Medium, High, Critical };

inline constexpr std::array<std::string_view, 5> kSeverityNames = {"info", "low", "medium", "high",
                                                                   "critical"};

constexpr std::string_view severity_name(Severity severity) {
    return name_in(kSeverityNames, severity);
}
constexpr std::optional<Severity> severity_from(std::string_view name) {
    return value_in<Severity>(kSeverityNames, name);
}

/// A fact about content. `kind` is a stable dotless name from the table in docs/formats/answer.md,
/// such as "pipe_to_interpreter", "encoded_payload", "secret_literal", "hidden_characters",
/// "syntax_error", "untrusted_origin".
struct Finding {
    std::string kind;
    Severity severity = Severity::Info;
    Span span;
    std::string why;

    bool operator==(const Finding&) const = default;
};

}  // namespace countersign::model
