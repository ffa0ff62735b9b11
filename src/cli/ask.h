// Asking a person about one held action: what to print, what each answer does. A state machine
// without input or output of its own, so that `run` (which must go on printing meanwhile), `watch`
// and the tests share it. Not thread safe.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/action_view.h"
#include "cli/keys.h"
#include "cli/vote.h"
#include "cli/world.h"

namespace countersign::cli {

class Question {
public:
    /// Fetches the action and the rule that "remember" would add. The person votes on exactly what
    /// opening() prints: the vote carries the digest fetched here.
    static Result<Question> open(Gateway& gateway, Clock& clock, const Signer& signer,
                                 const Look& look, const std::string& action);

    /// Action, effects, findings, and the rule that would be remembered.
    [[nodiscard]] std::string opening() const;
    /// "approve [a], approve and remember [r], deny [d], show all [s], later [l]? "
    [[nodiscard]] std::string prompt() const;

    struct Reply {
        enum class Next { Again, Done } next = Next::Again;
        std::string text;  ///< to print, ends with a newline
    };
    /// What a typed line does. "d because ..." carries a comment. Never fails: a vote that the
    /// gateway refuses is told in the reply and ends the question, since its state changed.
    Reply answer(const std::string& line);

    [[nodiscard]] const std::string& action() const { return view_.answer.id; }
    [[nodiscard]] bool open() const { return view_.answer.open(); }

private:
    Question(Gateway& gateway, Clock& clock, const Signer& signer, const Look& look,
             ActionView view, Proposal proposal);
    Reply vote(model::Ballot ballot, const std::string& comment);
    Reply approve_and_remember();
    [[nodiscard]] std::string others() const;

    Gateway& gateway_;
    Clock& clock_;
    const Signer& signer_;
    Look look_;
    ActionView view_;
    Proposal proposal_;
};

/// The person's signer, made and enrolled on the spot where they agree: run's and watch's first
/// step. nullopt: they do not want to; the reason was printed. Asks only where the console can.
Result<std::optional<Signer>> ready_signer(World& world, Gateway& gateway,
                                           const Arguments& arguments);

}  // namespace countersign::cli
