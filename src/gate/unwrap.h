// The walk from a command text or an argv through its wrappers: "sudo env X=1 sh -c 'rm x'" becomes
// the four commands that it is. Used by understand.cc; see understand.h for bounds and the rule.
// Not thread safe: one Unwrapper per action.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "gate/understand.h"
#include "gate/written_files.h"
#include "shell/shell.h"
#include "sql/sql.h"

namespace countersign::gate {

class Unwrapper {
public:
    /// Both must outlive the walk. `out` is filled in.
    Unwrapper(const model::ActionRequest& request, Understood& out);

    /// Shell text that stands in the action itself.
    void text(std::string_view text, shell::Dialect dialect);
    /// Shell text from an argument of the action (a tool call): all spans are `span`.
    void quoted_text(std::string_view text, model::Span span);
    /// One program start.
    void command(model::ResolvedCommand command);
    /// SQL text that stands in the action itself, or (with a span) in an argument of it.
    void sql(std::string_view text, sql::Dialect dialect, std::optional<model::Span> span);

    /// Notes an effect of command `index` with the bound checked.
    void add_effect(model::Effect effect, std::size_t index);
    /// The program has no file that could be looked at.
    void nameless_program(const std::string& program, model::Span span);
    /// Notes that something was not known.
    void unknown(std::string_view why);

private:
    /// What a reader of inner text needs to know about its surroundings.
    struct Frame {
        std::optional<std::size_t> inside;
        bool elsewhere = false;
        bool elevated = false;
        bool open_ended = false;
        std::size_t depth = 0;
        std::optional<model::Span> span;  ///< set: every span of what is read becomes this one
    };

    /// Appends the commands of `facts` and returns the index of the first.
    void append(model::CommandFacts facts, const Frame& frame);
    bool append_one(model::ResolvedCommand command, const Frame& frame);
    /// Reads every command from `next_` on until none is left.
    void drain();
    void read(std::size_t index);
    void enter(std::size_t index, const catalogue::Inner& inner);
    void enter_argv(std::size_t index, const catalogue::Inner& inner, const Frame& frame);
    void enter_shell(std::size_t index, const catalogue::Inner& inner, const Frame& frame);
    void enter_sql(std::size_t index, const catalogue::Inner& inner);
    void enter_program(std::size_t index, const catalogue::Inner& inner);
    /// A literal target of an inline program gets its place; what cannot be resolved stays unknown.
    void resolve_target(model::Effect& effect, const UnderstoodCommand& command) const;
    /// A command that an inline program starts (os.system("...")) is read as shell text.
    void enter_quoted_command(std::size_t index, const model::Effect& effect);
    /// Shell lines of a database client (\! , .shell).
    void read_client_shell(const sql::ShellText& shell, std::optional<model::Span> span);
    void unknown_text(std::size_t index, const catalogue::Inner& inner);
    /// Text for the shell that the action itself starts (`timeout 9 bash -c TEXT` as a program
    /// start) is the action's text; where bash or sh reads it, invalid is refused as in a command.
    [[nodiscard]] bool is_text_of_action(std::size_t index, const Frame& frame) const;
    /// Puts the paths that the command in front of the pipe prints in place of the words that
    /// `command` reads from its input, where they are known.
    void fill_from_pipe(model::ResolvedCommand& command, const model::ResolvedCommand& outer) const;
    /// The same for a word that is the output of commands and nothing else, in quotes:
    /// rm "$(find . -name x)".
    void fill_from_substitutions(std::size_t index);
    /// A shell script that this text writes and runs (bash x.sh, ./x.sh) is read as if it stood in
    /// the place of command `index`, which has these effects.
    void enter_written(std::size_t index, const std::vector<model::Effect>& effects);
    /// Reads once more what was run before it was written: in the background, in a loop, in a trap
    /// the file may hold the later content. For the end of the walk.
    void enter_written_later();
    void read_script(std::size_t index, const std::string& path, const WrittenFile& file);
    [[nodiscard]] bool stands_in_script(std::size_t index, std::string_view name) const;
    /// The last stage of the one pipeline whose output all of the unknown `word` of command `outer`
    /// is; nullopt: it is something else, or has a part beside it.
    [[nodiscard]] std::optional<std::size_t> last_substituted(std::size_t outer,
                                                              const model::Word& word) const;
    /// Paths that the end of a pipeline prints, empty when not known or printed in another place.
    [[nodiscard]] std::vector<model::Word> paths_printed_by(
        std::size_t index, const std::optional<std::string>& directory) const;
    [[nodiscard]] catalogue::Place place_of(const UnderstoodCommand& command) const;

    /// What commands print, by their index; only those that print paths or their input.
    struct Printed {
        std::vector<model::Word> paths;
        bool input = false;
    };

    const model::ActionRequest& request_;
    std::map<std::size_t, Printed> printed_;
    WrittenFiles written_;
    /// Starts of files that may be scripts.
    struct Run {
        std::size_t index = 0;
        std::string path;
        std::size_t writes = 0;  ///< of the file, when it was read
    };
    std::vector<Run> runs_;
    std::map<std::size_t, std::string> scripts_;  ///< base name of what a command runs
    std::size_t script_bytes_ = 0;                ///< read in all
    Understood& out_;
    std::size_t next_ = 0;
    bool entered_text_ = false;  ///< what follows may stand in a text that was read
};

/// The dialect that a catalogue or URL name stands for: "sqlite", "mysql", anything else
/// PostgreSQL.
sql::Dialect sql_dialect(std::string_view name);

/// The session's workspace, empty when it means nothing ("/": everything would be inside).
std::string workspace_of(const model::Context& context);

}  // namespace countersign::gate
