// What a shell text would run, as far as it can be known: the list of simple commands with resolved
// words. shell/ makes it; catalogue/, inspect/, policy/ and the judge read it.
//
// The rule everywhere: what is not known is absent (nullopt) with a reason, never guessed.
// Values; thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace countersign::model {

/// Half-open byte range in the action's own text. Text that was produced by resolution (an eval'd
/// string, a function body seen from its call) carries the span of the word that produced it.
struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    bool operator==(const Span&) const = default;
};

/// A stretch of a word: literal bytes, or the value that a variable had when the text began.
struct WordPiece {
    std::string text;  ///< the bytes, or the variable's name
    bool variable = false;
    bool operator==(const WordPiece&) const = default;
};

/// One word after expansion.
struct Word {
    /// The word's exact bytes; nullopt when it cannot be known. A glob that would be matched
    /// against the file system stays a pattern: `value` is the pattern and `glob` is true.
    std::optional<std::string> value;
    bool glob = false;
    /// An unknown word that stood unquoted: it may become no word, one, or many.
    bool splits = false;
    /// An unknown word that certainly is one integer: a status, a process number, a length.
    bool number = false;
    /// For an unknown word: the literal bytes known to stand before the first unknown part.
    std::string known_prefix;
    /// For an unknown word: why, such as "variable DIR is not assigned in this text".
    std::string why_unknown;
    /// For an unknown word: what it is made of, where all that is not known are variables that the
    /// text got from its environment ("$GITHUB_WORKSPACE/dist" is that variable's value and
    /// "/dist"). Empty when anything else is not known, and after code that is not known may have
    /// run in this shell, which could have set the variables. With `splits` the value splits
    /// further.
    std::vector<WordPiece> pieces;
    Span span;

    /// The variable whose initial value this word is, all of it and nothing else; nullptr: none.
    [[nodiscard]] const std::string* variable() const {
        return pieces.size() == 1 && pieces.front().variable ? &pieces.front().text : nullptr;
    }

    bool operator==(const Word&) const = default;

    static Word literal(std::string text, Span where = {}) {
        Word word;
        word.value = std::move(text);
        word.span = where;
        return word;
    }
    static Word unknown(std::string why, Span where = {}) {
        Word word;
        word.why_unknown = std::move(why);
        word.span = where;
        return word;
    }
};

struct Redirection {
    enum class Kind {
        Read,       ///< n<file
        Write,      ///< n>file, >|file, and the file side of &>file
        Append,     ///< n>>file, &>>file
        ReadWrite,  ///< n<>file
        HereText,   ///< here-document or here-string: `target` is the text itself
        Duplicate,  ///< n>&m, n<&m: `target` is the descriptor number
        Close       ///< n>&-
    };
    Kind kind = Kind::Read;
    int descriptor = 0;  ///< -1: allocated by the shell ({name}>file)
    Word target;
    Span span;
    bool operator==(const Redirection&) const = default;
};

struct Assignment {
    std::string name;
    Word value;
    bool append = false;  ///< name+=value
    bool operator==(const Assignment&) const = default;
};

/// Where a command's standard input comes from.
struct InputSource {
    enum class Kind {
        Inherited,  ///< whatever the whole text has
        File,       ///< `content` names the file
        Pipe,       ///< output of command number `pipe_from`; `content`: what it is, where known
        Text        ///< `content` is the literal text (here-document, here-string)
    };
    Kind kind = Kind::Inherited;
    std::size_t pipe_from = 0;
    Word content;
    bool operator==(const InputSource&) const = default;
};

/// A simple command that could run, in the order in which the text names them.
struct ResolvedCommand {
    enum class Target {
        External,  ///< a program is started
        Builtin,   ///< the shell does it itself
        Function,  ///< a function of the text whose body is not listed (recursion bound)
        Unknown    ///< the name itself is not known
    };
    Target target = Target::External;
    std::vector<Word> argv;               ///< empty: assignments and redirections only
    std::vector<Assignment> assignments;  ///< NAME=value before the command word
    std::vector<Redirection> redirections;
    /// Variables that the text itself set and exported before this command and that its process
    /// inherits (PATH, LD_PRELOAD, BASH_ENV ...).
    std::vector<Assignment> inherited_environment;
    std::optional<std::string> directory;  ///< absolute working directory; nullopt: not known
    InputSource input;
    std::optional<std::size_t> pipes_to;  ///< index of the command that reads its output
    bool conditional = false;             ///< may not run: after && or ||, in if, case, a trap
    bool looped = false;                  ///< may run more than once
    bool background = false;
    bool substitution = false;     ///< inside $(...), backticks or <(...)
    bool output_captured = false;  ///< its output becomes part of a word
    Span span;

    bool operator==(const ResolvedCommand&) const = default;
};

struct ShellDefinition {
    std::string name;
    std::string body;  ///< source text of a function, replacement of an alias
    Span span;
    bool operator==(const ShellDefinition&) const = default;
};

/// Why `complete` is false, one entry per place.
struct Unresolved {
    enum class Kind {
        Execution,  ///< bash may run something that `commands` does not list
        Word        ///< a word of a listed command is not known: the command says how bad that is
    };
    Span span;
    std::string why;
    Kind kind = Kind::Execution;
    bool operator==(const Unresolved&) const = default;
};

struct SyntaxError {
    std::uint32_t line = 0;    ///< from 1
    std::uint32_t column = 0;  ///< from 1, in bytes
    std::uint32_t offset = 0;  ///< byte offset in the text
    std::string message;       ///< what was expected, what stands there
    bool operator==(const SyntaxError&) const = default;
};

/// Everything that shell/ knows about one text.
struct CommandFacts {
    std::vector<ResolvedCommand> commands;
    std::vector<ShellDefinition> functions;
    std::vector<ShellDefinition> aliases;
    /// True only if bash, running this text, can start no program that `commands` does not list
    /// with exactly these words (globs aside). Anything unknown makes it false.
    bool complete = true;
    std::vector<Unresolved> unresolved;
    std::optional<SyntaxError> error;  ///< set: not valid; nothing else is filled in

    bool operator==(const CommandFacts&) const = default;
};

}  // namespace countersign::model
