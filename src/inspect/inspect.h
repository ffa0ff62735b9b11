// Findings in content: what a text carries that its effects alone do not tell. Encoded payloads
// that reach an interpreter, downloads piped to one, exfiltration shapes, reverse shells, secret
// literals, hidden characters, instructions planted in documents, text that came out of an
// untrusted observation. Also redaction of secrets for display and storage.
//
// Pure; linear time (RE2 and hand-written scanners); thread safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/action.h"
#include "model/command.h"
#include "model/effect.h"

namespace countersign::inspect {

/// Content the agent has read in this session (a README, a web page, a tool's output). The judge
/// keeps the newest limits::kObservationsPerSessionMax of them.
struct Observation {
    std::string source;   ///< path, URL or tool
    std::string content;  ///< at most limits::kObservationBytesMax
};

/// One command as the judge has it: the shell's facts and the catalogue's effects of it.
/// `command->pipes_to` and `command->input.pipe_from` are indices into the list that holds the view
/// (the judge rewrites them when it puts inner commands into one list).
struct CommandView {
    const model::ResolvedCommand* command = nullptr;  ///< nullptr for kinds without commands
    std::string program_class;                        ///< catalogue::Understanding::program_class
    std::optional<std::size_t> inside;                ///< wrapper it was unwrapped from
    bool elsewhere = false;
};

struct Subject {
    const model::Action* action = nullptr;
    const std::vector<CommandView>* commands = nullptr;
    const std::vector<model::Effect>* effects = nullptr;
    const std::vector<Observation>* observations = nullptr;
};

/// Every finding, ordered by severity (highest first) and then by span; at most
/// limits::kFindingsMax, the last one then says that more were cut and has severity High.
std::vector<model::Finding> findings(const Subject& subject);

/// Lexical effects of an inline program (python -c, perl -e, awk ...): process starts, file writes
/// and deletes, network, dynamic code. What cannot be told is Effect Unknown. Spans are relative to
/// `program`. A target that stands in the program as a literal is given as written, with
/// Place::Unknown: a path (Read, Write, Delete ...), a host (Download, Upload), a command
/// (Execute). The judge resolves paths and hosts with the catalogue and may read commands as shell
/// text.
std::vector<model::Effect> program_effects(std::string_view language, std::string_view program);

/// Findings in a text that the agent reads (for POST /v1/observations): planted instructions,
/// hidden characters, commands addressed to an assistant.
std::vector<model::Finding> observe(std::string_view content);

/// A secret-shaped literal in a text.
struct Secret {
    model::Span span;
    std::string kind;  ///< "aws_access_key", "github_token", "private_key", "password_argument" ...
};
std::vector<Secret> secrets(std::string_view text);
/// The text with each secret replaced by "[redacted:kind]".
std::string redact(std::string_view text);
/// What stands in place of a secret; `literal` is the secret itself, without space at its end.
using SecretMark = std::function<std::string(const Secret& secret, std::string_view literal)>;
std::string redact(std::string_view text, const SecretMark& mark);

}  // namespace countersign::inspect
