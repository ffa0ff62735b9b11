#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "inspect/scene.h"
#include "text/number.h"

// Time bombs: damage that happens long after the command was looked at, "(sleep 3600; rm -rf ~) &".
// Whoever approves it sees nothing happen, and what the agent is blamed for happens elsewhere.
// Commands for at(1) and cron are effects of their own (the catalogue's Persist).

namespace countersign::inspect {
namespace {

using model::Effect;
using model::EffectKind;
using model::Place;
using model::Severity;

/// Below this a delay is what scripts do while a server starts.
constexpr std::uint64_t kLongDelaySeconds = 60;

/// Seconds of one operand of sleep(1): a number with s, m, h or d behind it. nullopt: not known, or
/// a fraction, which is short.
std::optional<std::uint64_t> seconds_of(std::string_view word) {
    constexpr std::array<std::pair<char, std::uint64_t>, 4> kUnits = {
        {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
    std::uint64_t unit = 1;
    for (const auto& [letter, seconds] : kUnits) {
        if (word.ends_with(letter)) {
            unit = seconds;
            word.remove_suffix(1);
            break;
        }
    }
    constexpr std::int64_t kMost = 1'000'000'000;
    const auto number = text::parse_integer(word, 0, kMost);
    return number ? std::optional(static_cast<std::uint64_t>(*number) * unit) : std::nullopt;
}

/// A delay that is not known may be any: the agent computed it.
bool waits_long(const Item& item) {
    if (item.name != "sleep" || item.command->argv.size() < 2) {
        return false;
    }
    std::uint64_t total = 0;
    for (std::size_t i = 1; i < item.command->argv.size(); ++i) {
        const auto& word = item.command->argv[i].value;
        if (!word.has_value()) {
            return true;
        }
        total += seconds_of(*word).value_or(0);
    }
    return total >= kLongDelaySeconds;
}

bool damages(const Effect& effect) {
    switch (effect.kind) {
        case EffectKind::Delete:
            return effect.place != Place::Temporary;
        case EffectKind::Write:
        case EffectKind::Chmod:
            return effect.place == Place::System || effect.place == Place::Device ||
                   effect.place == Place::Boot;
        case EffectKind::Execute:
            return effect.place == Place::Unknown || effect.place == Place::PublicHost;
        case EffectKind::Eval:
        case EffectKind::Upload:
        case EffectKind::Signal:
        case EffectKind::Configure:
        case EffectKind::Persist:
        case EffectKind::Identity:
        case EffectKind::Publish:
            return true;
        default:
            return false;
    }
}

}  // namespace

void find_time_bombs(const Scene& scene, Sink& sink) {
    const auto& items = scene.items();
    const auto first = std::find_if(items.begin(), items.end(), waits_long);
    if (first == items.end()) {
        return;
    }
    const auto at = static_cast<std::size_t>(first - items.begin());
    for (const Effect& effect : scene.effects()) {
        if (effect.command <= at || effect.command >= items.size() || !damages(effect)) {
            continue;
        }
        const bool unseen = first->command->background && items[effect.command].command->background;
        sink.add("time_bomb", unseen ? Severity::High : Severity::Low, first->span,
                 unseen ? "does damage in the background, long after it was started"
                        : "does damage after a long delay");
        return;
    }
}

}  // namespace countersign::inspect
