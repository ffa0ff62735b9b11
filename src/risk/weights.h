// The one table of tiers and points: what each effect and each finding weighs, with its reason.
// docs/guide/risk.md explains the columns; a test compares the two. Data only; thread safe.
//
// A row of kEffectWeights applies to an effect when kind and place match, every condition of
// `needs` holds and none of `lacks` does. The first row that applies decides, so rows of one kind
// run from the narrow to the wide, and each kind ends with a row that always applies.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/effect.h"
#include "model/tier.h"

namespace countersign::risk {

/// A fact about an effect in its circumstances; a set of them is a bit mask.
enum class Condition : std::uint32_t {
    Recursive = 1U << 0U,
    Reversible = 1U << 1U,
    /// The file change lands in a stage that can be thrown away: staged, and a path that the stage
    /// covers (workspace, its VCS and CI files, temporary files; the unknown path of a tree that
    /// can write nowhere else).
    Undone = 1U << 2U,
    Contained = 1U << 3U,     ///< inside the jail, and not on another host
    Rebuildable = 1U << 4U,   ///< a directory that a build makes again (build, node_modules ...)
    Forced = 1U << 5U,        ///< overwrites what others have (force push, yank, unpublish)
    Production = 1U << 6U,    ///< target or detail names production
    Destroys = 1U << 7U,      ///< detail says delete, destroy, drop, purge, terminate, wipe
    Network = 1U << 8U,       ///< network configuration: interfaces, routes, firewall, resolver
    Probe = 1U << 9U,         ///< sends nothing but a question: ping, a name lookup
    Hooks = 1U << 10U,        ///< VCS hooks or configuration that runs code later
    AccessKey = 1U << 11U,    ///< a file that grants entry: authorized_keys, sudoers, known tokens
    SetId = 1U << 12U,        ///< set-user-id, capabilities: rights that stay
    Loader = 1U << 13U,       ///< a variable that loads code: LD_PRELOAD, BASH_ENV, PYTHONSTARTUP
    SearchPath = 1U << 14U,   ///< PATH and its like: changes what a name means
    Everything = 1U << 15U,   ///< the root of its place: /tmp itself, "/", "~", "*" of them
    Special = 1U << 16U,      ///< process 1, process -1, kernel threads
    Library = 1U << 17U,      ///< loads a library: code that no later program start shows
    Cloud = 1U << 18U,        ///< identities of a cloud or an organisation, not of this machine
    KeyMaterial = 1U << 19U,  ///< makes or uses keys, changes no one's rights
    Narrowed = 1U << 20U,     ///< files of one ending ("*.bak"), no whole trees
    PackageCache = 1U << 21U  ///< what a package manager fetches again: /var/lib/apt/lists
};

struct Conditions {
    std::uint32_t bits = 0;
    [[nodiscard]] constexpr bool all_of(Conditions other) const {
        return (bits & other.bits) == other.bits;
    }
    [[nodiscard]] constexpr bool any_of(Conditions other) const { return (bits & other.bits) != 0; }
    [[nodiscard]] constexpr bool has(Condition condition) const {
        return (bits & static_cast<std::uint32_t>(condition)) != 0;
    }
    constexpr void set(Condition condition, bool on) {
        bits |= on ? static_cast<std::uint32_t>(condition) : 0U;
    }
};

constexpr Conditions operator|(Conditions a, Conditions b) {
    return {a.bits | b.bits};
}
constexpr Conditions operator|(Condition a, Condition b) {
    return {static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b)};
}
constexpr Conditions only(Condition a) {
    return {static_cast<std::uint32_t>(a)};
}

/// A set of places as a bit mask.
struct Places {
    std::uint32_t bits = 0;
    [[nodiscard]] constexpr bool has(model::Place place) const {
        return (bits >> static_cast<std::uint32_t>(place) & 1U) != 0;
    }
};

template <class... P>
constexpr Places places(P... place) {
    return {((1U << static_cast<std::uint32_t>(place)) | ... | 0U)};
}
inline constexpr Places kAnywhere{0xFFFFFFFFU};

struct EffectWeight {
    model::EffectKind kind;
    Places where;
    Conditions needs;
    Conditions lacks;
    model::Tier tier;
    int points;             ///< 0..100
    std::string_view name;  ///< of the factor, below "effect."
    std::string_view why;   ///< verb phrase; the target follows
};

struct FindingWeight {
    std::string_view kind;
    model::Tier tier;  ///< the least tier of an action with it
    int points;
};

std::span<const EffectWeight> effect_weights();
/// The rows from the first one of this kind on; others stand among them.
std::span<const EffectWeight> effect_weights_from(model::EffectKind kind);
/// What any row of this kind and place asks; the rest need not be found out.
Conditions conditions_asked(model::EffectKind kind, model::Place place);
/// Kinds that weigh something else than their severity says; see severity_weight for the others.
std::span<const FindingWeight> finding_weights();
FindingWeight severity_weight(model::Severity severity);

/// Circumstances and combinations, in points.
inline constexpr int kPointsElsewhere = 5;
inline constexpr int kPointsElevated = 8;
inline constexpr int kPointsIncomplete = 4;
inline constexpr int kPointsUnknownProgram = 6;
inline constexpr int kPointsContained = -6;
inline constexpr int kPointsStaged = -4;
inline constexpr int kPointsSecretLeaves = 78;
inline constexpr int kPointsSurpriseMax = 30;
inline constexpr int kPointsPurposeMax = 20;
/// What is not the heaviest factor counts a quarter, and all of those together at most this: a long
/// harmless script must not outweigh one dangerous command.
inline constexpr int kLesserShare = 4;
inline constexpr int kLesserPointsMax = 15;

}  // namespace countersign::risk
