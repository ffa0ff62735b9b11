// An assessed action in the form in which rules look at it: a list of simple commands with their
// own effects, and the text. Actions without commands (SQL, tool calls, HTTP, files) give one
// command whose words are their few members, so that one rule language serves all kinds.
// Private to policy/. Keeps references: the request and the assessment must outlive it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/action.h"
#include "model/verdict.h"

namespace countersign::policy {

using Words = std::vector<std::optional<std::string>>;

struct CommandSubject {
    const Words* words = nullptr;
    const std::optional<std::string>* directory = nullptr;  ///< nullptr: no command
    model::Tier tier = model::Tier::ReadOnly;
    bool known = true;
    bool outer = true;  ///< stands in the text itself, not inside a wrapper
    std::vector<const model::Effect*> effects;
};

class Subject {
public:
    Subject(const model::ActionRequest& request, const model::Assessment& assessment);
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    [[nodiscard]] const model::ActionRequest& request() const { return request_; }
    [[nodiscard]] const model::Assessment& assessment() const { return assessment_; }
    [[nodiscard]] const std::vector<CommandSubject>& commands() const { return commands_; }
    /// What exact, glob and regex rules read: the text of a command or statement, otherwise the
    /// words joined by blanks.
    [[nodiscard]] std::string_view text() const { return text_; }
    /// The highest tier of any one command.
    [[nodiscard]] model::Tier command_tier() const { return command_tier_; }

private:
    void take_commands();
    void take_members();

    const model::ActionRequest& request_;
    const model::Assessment& assessment_;
    std::vector<CommandSubject> commands_;
    Words members_;
    std::string joined_;
    std::string_view text_;
    model::Tier command_tier_ = model::Tier::ReadOnly;
};

/// Words joined by single blanks; an unknown word reads "?" in angle brackets, which no word is.
std::string joined(const Words& words);

}  // namespace countersign::policy
