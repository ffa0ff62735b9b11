// What programs do: argv -> effects on targets, and what a wrapper would run. Knowledge is data
// (catalogue/*.toml), compiled into the binary by tools/catalogue_compile; a malformed entry fails
// the build with file and line. Also the one place that classes paths and hosts.
//
// A program, subcommand or option that the catalogue does not know gives known == false and an
// effect Unknown: a question, never silence. Pure; thread safe; the data is immutable.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/action.h"
#include "model/command.h"
#include "model/effect.h"

namespace countersign::catalogue {

/// What targets are resolved against.
struct Place {
    std::optional<std::string> directory;  ///< working directory of the command; nullopt: unknown
    std::string workspace;
    std::string home;
    bool staged = false;  ///< workspace file changes can be undone
};

/// Class of an absolute, normalised path. Symbolic links are not followed: no I/O here.
model::Place class_of_path(std::string_view path, const Place& place);
/// Class of a host name or address literal (IPv4, IPv6, mapped, decimal and octal spellings too).
model::Place class_of_host(std::string_view host);
/// Joins `path` to the directory and removes "." and "..", lexically; nullopt when it is relative
/// and the directory is unknown.
std::optional<std::string> resolve_path(std::string_view path, const Place& place);

/// Why words of an inner command are not known: they are lines of its input, or take their place.
inline constexpr std::string_view kWordsFromInput = "words read from standard input";
inline constexpr std::string_view kWordFilledIn = "the wrapper fills it in";

/// Something that a command would run in turn.
struct Inner {
    enum class Kind {
        Argv,    ///< `argv` is another command (sudo, env, xargs, find -exec, timeout ...)
        Shell,   ///< `text` is shell text (sh -c, eval of a wrapper, ssh HOST text, make -E ...)
        Sql,     ///< `text` is SQL (psql -c, sqlite3 DB text)
        Program  ///< `text` is a program in `language` (python -c, awk, perl -e ...)
    };
    Kind kind = Kind::Argv;
    std::vector<model::Word> argv;
    model::Word text;
    std::string language;             ///< "sh", "bash", "python", "perl", "postgres", "sqlite" ...
    bool elsewhere = false;           ///< runs on another host or in a container
    std::optional<std::string> host;  ///< where, when known
    bool elevated = false;            ///< with other rights (sudo, su, doas)
    bool open_ended = false;          ///< more words come from input (xargs, parallel, find {})
    std::optional<std::string> directory;  ///< changed by the wrapper (env -C, git -C); absolute
};

struct Understanding {
    bool known_program = false;
    bool known_form = false;  ///< subcommand, options and operands all stood in the entry
    std::vector<model::Effect> effects;  ///< `command` is 0; spans are those of the words
    std::vector<Inner> inner;
    std::vector<model::Finding> findings;
    /// Paths that the command prints, one a line (find, grep -l), as patterns relative to its
    /// directory; they tell what a following xargs works on. Empty: not known.
    std::vector<model::Word> prints;
    bool prints_input = false;  ///< prints lines of its input unchanged (sort, head, grep)
    std::string why_unknown;    ///< what was not known, for the hint
    /// The program's class from its entry: "shell", "interpreter", "network", "vcs", "build" ...
    std::string program_class;
};

/// Looks at one simple command: its argv, redirections (writes to files are effects), assignments
/// (PATH=, LD_PRELOAD= are effects), input source (a pipe into an interpreter is an Inner Program
/// with unknown text, or the literal text of a here-document).
///
/// Paths are resolved against `command.directory`; when that is absent the directory counts as
/// unknown, whatever `place.directory` says, so that "cd $X; rm -rf *" names no false target.
///
/// A program by path outside the system's directories (./numfmt, /tmp/git) is Effect Execute of
/// that file with class "local"; if its base name is a catalogued program, the effects of that
/// program are listed too, never instead.
Understanding understand(const model::ResolvedCommand& command, const Place& place);

/// For tests, docs and `countersign rules suggest`: the number of programs known, and whether one
/// is.
std::size_t program_count();
bool knows_program(std::string_view name);

}  // namespace countersign::catalogue
