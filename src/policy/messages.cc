#include "policy/messages.h"

#include <algorithm>
#include <array>

#include "text/utf8.h"

namespace countersign::policy {
namespace {

using model::Decision;
using model::EffectKind;

struct Phrase {
    EffectKind kind;
    std::string_view verb;  ///< third person, before the target
    std::string_view hint;
};

constexpr std::string_view kUnknownHint =
    "Spell out the program and its arguments so that they can be judged, or do it in smaller steps";

// The gravest first: the order in which main_effect prefers kinds.
constexpr std::array<Phrase, 26> kPhrases = {{
    {EffectKind::Identity, "changes accounts or rights of",
     "Say which access is missing and let a person grant it"},
    {EffectKind::Persist, "makes something start by itself through",
     "Run it once in this session instead of installing it"},
    {EffectKind::SecretRead, "reads the secret",
     "Use the tool that holds the credential instead of reading it, or ask the person for what you "
     "need from it"},
    {EffectKind::Privilege, "takes other rights with",
     "Do it with the rights you have, or name the one package or setting that a person should "
     "change"},
    {EffectKind::DbSchema, "changes the structure of",
     "Write the change as a migration file for review"},
    {EffectKind::Delete, "deletes",
     "Name the single files inside the workspace that have to go, or move them aside"},
    {EffectKind::Infra,
     "changes infrastructure:", "Produce a plan or a dry run and let a person start the change"},
    {EffectKind::Deploy, "deploys", "Prepare the release and let a person start it"},
    {EffectKind::Publish, "publishes to",
     "Commit locally, say what is ready, and let a person publish it"},
    {EffectKind::Upload, "sends data to",
     "Write the data to a file in the workspace and say where it is"},
    {EffectKind::Eval, "runs text as code:",
     "Write the code to a file in the workspace, so that it can be read before it runs"},
    {EffectKind::Execute, "runs", "Run the project's own build or test command instead"},
    {EffectKind::DbWrite, "changes data in", "Select what would change first, and show it"},
    {EffectKind::Configure, "changes the configuration of",
     "Use a setting that is local to the workspace"},
    {EffectKind::Listen, "opens a listening port:", "Use a loopback address and stop it after use"},
    {EffectKind::Download, "fetches from",
     "Say what the file is for, or use the project's package manager and lock file"},
    {EffectKind::Connect, "connects to", "Say what the connection is for in the purpose"},
    {EffectKind::Signal, "signals the process", "Stop only processes that you started"},
    {EffectKind::Env, "changes the environment of later commands:",
     "Call the program by its plain name with its usual environment"},
    {EffectKind::Unknown, "does something that is not known:", kUnknownHint},
    {EffectKind::Chmod, "changes the mode or owner of", "Leave modes outside the workspace alone"},
    {EffectKind::Rename, "moves", "Move files inside the workspace only"},
    {EffectKind::Write, "writes", "Write inside the workspace instead"},
    {EffectKind::Create, "creates", "Create it inside the workspace instead"},
    {EffectKind::DbRead, "reads data from", "Read only the columns and rows that the task needs"},
    {EffectKind::Read, "reads", "Read only what the task needs"},
}};
static_assert(kPhrases.size() == model::kEffectKindNames.size());

std::size_t rank(EffectKind kind) {
    const auto found = std::find_if(kPhrases.begin(), kPhrases.end(),
                                    [&](const Phrase& phrase) { return phrase.kind == kind; });
    return static_cast<std::size_t>(found - kPhrases.begin());
}

const Phrase& phrase_of(EffectKind kind) {
    return kPhrases[std::min(rank(kind), kPhrases.size() - 1)];
}

constexpr std::size_t kTargetBytesMax = 120;

}  // namespace

const model::Effect* main_effect(const Subject& subject) {
    const model::Effect* best = nullptr;
    for (const CommandSubject& command : subject.commands()) {
        if (command.tier != subject.command_tier()) {
            continue;
        }
        for (const model::Effect* effect : command.effects) {
            if (best == nullptr || rank(effect->kind) < rank(best->kind)) {
                best = effect;
            }
        }
    }
    return best;
}

std::string what_it_does(const Subject& subject) {
    const model::Effect* effect = main_effect(subject);
    if (effect == nullptr) {
        const auto& findings = subject.assessment().findings;
        return findings.empty() ? "does more than reading" : "raises: " + findings.front().why;
    }
    std::string out(phrase_of(effect->kind).verb);
    if (!effect->target.empty()) {
        out += " " + text::visible(effect->target, kTargetBytesMax);
    } else if (!effect->detail.empty()) {
        // A detail is a phrase of its own, with a verb or without one.
        out += " something (" + text::visible(effect->detail, kTargetBytesMax) + ")";
    } else {
        out += " an unknown target";
    }
    if (effect->recursive) {
        out += " and all below it";
    }
    return out;
}

std::string hint_for(const Subject& subject, Decision decision) {
    if (decision == Decision::Allow) {
        return {};
    }
    const model::Effect* effect = main_effect(subject);
    std::string out(effect == nullptr ? kUnknownHint : phrase_of(effect->kind).hint);
    out += decision == Decision::Deny
               ? "; this action will not run."
               : "; otherwise wait for the answer and go on with work that only reads.";
    return out;
}

std::string people(int approvals) {
    return approvals == 1 ? "one person" : std::to_string(approvals) + " people";
}

}  // namespace countersign::policy
