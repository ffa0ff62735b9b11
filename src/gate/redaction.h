// Secrets out of everything that is stored, shown or recorded. The digest of an action is made
// before; what people see and what the log keeps is made here.
//
// In place of a secret stands "[redacted:KIND#MARK]": what it was taken for, and 16 hexadecimal
// digits of its HMAC-SHA-256 under a key of this gateway alone. Equal secrets have equal marks, so
// that one that leaked can be followed through the log; without the key nobody can try candidates.
//
// Pure given the key; thread safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/action.h"
#include "model/verdict.h"

namespace countersign::gate {

/// What is a pure function of an action, looked through once (assessment_memo.h keeps it).
struct RedactedParts {
    model::Action action;
    std::map<std::string, std::string> environment;
    std::vector<model::JudgedCommand> commands;
    std::vector<model::Effect> effects;
    std::vector<model::Finding> findings;
};

class Redactor {
public:
    /// `key`: secret, and always the same one in one log.
    explicit Redactor(std::string key) : key_(std::move(key)) {}

    [[nodiscard]] std::string text(std::string_view text) const;
    /// Words of one argv: a secret is often told by the word before it ("--password", "hunter2"),
    /// so they are looked at joined by spaces, and each touched word is replaced in its part.
    [[nodiscard]] std::vector<std::string> words(const std::vector<std::string>& words) const;

    /// Every member that can hold a secret: text, argv, target, environment, purpose.
    [[nodiscard]] model::ActionRequest request(const model::ActionRequest& request) const;
    /// The verdict's commands, effects, findings and reasons, and the action of a Modify.
    [[nodiscard]] model::Verdict verdict(const model::Verdict& verdict) const;
    [[nodiscard]] model::Outcome outcome(const model::Outcome& outcome) const;

    /// The same for an action that was met before; the rest is looked through each time.
    [[nodiscard]] RedactedParts parts(const model::ActionRequest& request,
                                      const model::Assessment& assessment) const;
    /// `parts` must come from a request with the same digest, and from its assessment.
    [[nodiscard]] model::ActionRequest request(const model::ActionRequest& request,
                                               const RedactedParts& parts) const;
    [[nodiscard]] model::Verdict verdict(const model::Verdict& verdict,
                                         const RedactedParts& parts) const;

private:
    struct Cut;
    [[nodiscard]] std::string mark(std::string_view kind, std::string_view literal) const;
    [[nodiscard]] std::string cut_word(const std::string& word, std::size_t offset,
                                       const std::vector<Cut>& cuts) const;
    void redact(std::map<std::string, std::string>& map) const;
    void redact(std::vector<std::string>& list) const;
    void redact(model::Action& action) const;
    void redact(model::JudgedCommand& command) const;

    std::string key_;
};

}  // namespace countersign::gate
