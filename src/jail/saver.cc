#include "jail/saver.h"

#include <algorithm>
#include <array>
#include <optional>

#include "jail/plan.h"
#include "sys/files.h"
#include "text/utf8.h"

namespace countersign::jail {
namespace {

using model::Effect;
using model::EffectKind;

/// What these do is not a change of files; every other kind may be one.
constexpr std::array kHarmless = {EffectKind::Read,    EffectKind::SecretRead, EffectKind::Env,
                                  EffectKind::Connect, EffectKind::Listen,     EffectKind::Signal,
                                  EffectKind::Upload,  EffectKind::DbRead};

/// Whoever runs code may write anything that the jail lets it.
constexpr std::array kUnforeseen = {EffectKind::Execute, EffectKind::Eval, EffectKind::Unknown};

template <std::size_t N>
bool is_among(const std::array<EffectKind, N>& kinds, EffectKind kind) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// Up to the first component that is a pattern.
std::string fixed_part(const std::string& path) {
    const std::size_t star = path.find_first_of("*?[{");
    return star == std::string::npos ? path : path.substr(0, path.rfind('/', star));
}

/// Relative to the workspace, with links on the way followed; nullopt: outside of it.
std::optional<std::string> place_in(const std::string& workspace, const std::string& target) {
    const std::string path = fixed_part(target);
    if (path == workspace) {
        return "";
    }
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) {
        return std::nullopt;
    }
    const auto parent = sys::real_path(path.substr(0, slash));
    const std::string found = (parent.ok() ? *parent : path.substr(0, slash)) + path.substr(slash);
    if (!is_within(found, workspace) || found == workspace) {
        return std::nullopt;
    }
    return found.substr(workspace.size() + 1);
}

bool may_change(const client::ActionAnswer& answer) {
    const model::Assessment& assessment = answer.verdict.assessment;
    return !assessment.complete ||
           std::any_of(assessment.effects.begin(), assessment.effects.end(),
                       [](const Effect& effect) { return !is_among(kHarmless, effect.kind); });
}

}  // namespace

void Saver::before(const model::Action& action, const client::ActionAnswer& answer) {
    const MutexLock guard(lock_);
    if (whole_ == Whole::Kept || !may_change(answer)) {
        return;
    }
    if (whole_ == Whole::Untried) {
        const auto saved = stage_.save("", kWholeBudget);
        whole_ = saved.ok() ? Whole::Kept : Whole::Impossible;
        if (saved.ok()) {
            return;
        }
        obstacle_ = saved.error().message;
    }
    keep_parts(action, answer);
}

void Saver::keep_parts(const model::Action& action, const client::ActionAnswer& answer) {
    std::string open = answer.verdict.assessment.complete ? "" : "its effects are not all known";
    for (const Effect& effect : answer.verdict.assessment.effects) {
        if (is_among(kHarmless, effect.kind)) {
            continue;
        }
        if (is_among(kUnforeseen, effect.kind)) {
            open = "nobody can foresee what it writes";
            continue;
        }
        const auto path = place_in(stage_.info().workspace, effect.target);
        if (!path) {
            continue;
        }
        if (path->empty()) {
            open = "it may write anywhere in the workspace";
            continue;
        }
        const auto saved = stage_.save(*path, kPartBudget);
        if (!saved.ok()) {
            open = *path + " could not be copied: " + saved.error().message;
        }
    }
    if (!open.empty()) {
        note(action, answer, open + "; the workspace was not copied: " + obstacle_);
    }
}

void Saver::note(const model::Action& action, const client::ActionAnswer& answer,
                 const std::string& why) {
    const std::string what = action.argv.empty() ? action.program : action.argv.front();
    stage_.note_unsaved({answer.id, text::to_valid_utf8(what), text::to_valid_utf8(why)});
}

}  // namespace countersign::jail
