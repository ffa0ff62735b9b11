// The catalogue's compiled form: what tools/catalogue_compile makes of catalogue/*.toml (see
// docs/formats/catalogue.md for the language). Flat constant arrays that refer to one another by
// index and to one text blob by offset, so the tables need no relocation and cost nothing at start.
//
// Shared by the compiler, which writes these values, and the room, which reads them. Constants;
// thread safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/effect.h"

namespace countersign::catalogue::table {

/// A piece of the text blob.
struct Text {
    std::uint32_t offset = 0;
    std::uint16_t length = 0;
    [[nodiscard]] bool empty() const { return length == 0; }
};

/// Elements [begin, begin + count) of the array that the context names.
struct Range {
    std::uint32_t begin = 0;
    std::uint16_t count = 0;
};

/// What a word (an option's value, an operand) or a whole form does.
enum class What : std::uint8_t {
    Effect,      ///< has effect `kind` on the target
    List,        ///< reads names only: a secret directory's listing is not its secret
    CopyFrom,    ///< reads a path, or downloads when the word is HOST:PATH or a URL
    CopyTo,      ///< writes a path, or uploads when the word is HOST:PATH or a URL
    Argv,        ///< this word and all after it are another command
    Shell,       ///< the word is shell text
    Joined,      ///< this word and all after it, joined by blanks, are shell text
    Sql,         ///< the word is SQL in dialect `language`
    Program,     ///< the word is a program in `language`
    Directory,   ///< the command works in this directory
    Assign,      ///< the word is NAME=VALUE, put into an environment
    Host,        ///< inner commands run on this host
    Subcommand,  ///< the word names a form below this one
    Flag,        ///< a word that matches sets the flags in `recursive_if`
    Arguments,   ///< this word and all after it are $0, $1 ... of the form's shell text
    Narrow,      ///< only names that match the word are meant by what follows (find -name)
    Prints,      ///< the output is a list of paths: the word, the places, or the input's lines
    Setting      ///< the word is what the wrapper replaces in the inner command (xargs -I)
};

/// How the word is read as a target.
enum class Aim : std::uint8_t {
    None,      ///< no target
    Path,      ///< resolved against the working directory and classed
    Host,      ///< host, host:port, user@host, or a URL
    Package,   ///< a package of a registry, unless it is a path or URL
    Service,   ///< a deployed thing
    Account,   ///< a user, role or key
    Database,  ///< a relation, schema or database
    Process,   ///< a running process
    Boot,      ///< firmware, kernel, power state
    System,    ///< a setting of this machine without a path
    Gateway,   ///< this gateway
    Unknown    ///< cannot be told
};

/// Marks of an act; a bit set.
enum Mark : std::uint16_t {
    kRecursive = 1,    ///< always recursive (else: when a flag of recursive_if is set)
    kReversible = 2,   ///< always reversible
    kElevated = 4,     ///< the inner command runs with other rights
    kElsewhere = 8,    ///< the inner command runs on another host or in a container
    kOpen = 16,        ///< more words come from input
    kFixed = 32,       ///< the target is `fixed`, not the word
    kWorkdir = 64,     ///< the target is the working directory
    kPlaces = 128,     ///< "{}" in the inner command stands for paths below the first operands
    kFromInput = 256,  ///< the text comes from standard input
    kMaybe = 512       ///< may not happen
};

struct Act {
    What what = What::Effect;
    model::EffectKind kind = model::EffectKind::Unknown;
    Aim aim = Aim::None;
    std::uint16_t marks = 0;
    std::uint64_t need = 0;           ///< flags that must all be set
    std::uint64_t refuse = 0;         ///< flags of which none may be set
    std::uint64_t recursive_if = 0;   ///< recursive when one of these is set
    std::uint64_t reversible_if = 0;  ///< reversible when one of these is set
    Text fixed;                       ///< the target, with kFixed
    Text after;                       ///< the target starts after the first of this
    Text before;                      ///< the target ends before the first of this
    Text match;                       ///< glob that the word must match
    Text unmatch;                     ///< glob that the word must not match
    Text language;                    ///< of a Program, dialect of a Sql
    Text say;                         ///< Effect::detail
};

enum class Value : std::uint8_t {
    None,
    Required,  ///< attached or the next word
    Optional,  ///< attached only
    Digits,    ///< attached digits only; other letters of the cluster follow
    UntilEnd,  ///< all words up to ";" or "+" (find -exec)
    Rest       ///< all words after it
};

struct Option {
    Value value = Value::None;
    std::uint8_t words = 1;  ///< with Required: how many words; acts see the first
    bool ends = false;       ///< no option follows it
    std::uint64_t sets = 0;
    Range acts;
};

/// One spelling of an option, such as "-r" or "--recursive". Sorted by name within a form.
struct Spelling {
    Text name;
    std::uint32_t option = 0;
};

enum class Many : std::uint8_t { One, Maybe, Any, Some, Rest };

struct Operand {
    Many many = Many::One;
    std::uint64_t need = 0;
    std::uint64_t refuse = 0;
    std::uint64_t sets = 0;
    Range acts;
};

enum class Style : std::uint8_t {
    Gnu,     ///< options anywhere, short ones combine, long ones abbreviate
    Posix,   ///< as Gnu, but the first operand ends the options
    Long,    ///< single-dash long options (find, java, terraform)
    Bundle,  ///< the first word is a bundle of short options, with or without dash (tar, ps, ar)
    Plain    ///< every word is an operand (echo, test)
};

/// Marks of a form.
enum FormMark : std::uint8_t {
    kLax = 1,      ///< other options and operands are harmless
    kNumbers = 2,  ///< -5 is an option
    kScan = 4,     ///< the subcommand may stand behind other words (gcloud compute instances list)
    kPlus = 8      ///< +x is an option where listed
};

struct Form {
    Text name;  ///< subcommand name or glob; program name at the top
    Style style = Style::Gnu;
    std::uint8_t marks = 0;
    std::uint32_t parent = 0;  ///< itself at the top
    Text program_class;
    Range spellings;
    Range operands;
    Range acts;  ///< of the form as a whole
    Range subs;  ///< forms; exact names sorted first, then globs in the order written
    std::uint16_t exact_subs = 0;
};

struct Program {
    Text name;
    std::uint32_t form = 0;
};

/// Everything, as the generated file defines it.
struct Tables {
    const char* text;
    const Act* acts;
    const Option* options;
    const Spelling* spellings;
    const Operand* operands;
    const Form* forms;
    const Program* slots;                ///< perfect hash: slot -> program; unused slots are empty
    const std::uint32_t* displacements;  ///< per bucket
    std::uint32_t slot_count;            ///< a power of two
    std::uint32_t bucket_count;          ///< a power of two
    std::uint32_t program_count;
};

extern const Tables kTables;

/// FNV-1a with a seed, finished by a multiplicative mix: the compiler and the reader must agree.
constexpr std::uint32_t hash_name(std::string_view name, std::uint32_t seed) {
    std::uint64_t hash = 14695981039346656037ULL ^ (seed * 0x9E3779B97F4A7C15ULL);
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    hash ^= hash >> 32;
    hash *= 0xD6E8FEB86659FD93ULL;
    return static_cast<std::uint32_t>(hash >> 32);
}

/// An example of an entry, "COMMAND => EFFECTS", for the test that checks them all.
struct Example {
    const char* program;
    const char* file;
    int line;
    const char* text;
};
extern const Example kExamples[];
extern const std::size_t kExampleCount;

inline std::string_view text_of(Text piece) {
    return {kTables.text + piece.offset, piece.length};
}

/// The program's top form, nullptr when it is not in the catalogue. One probe.
const Form* find_program(std::string_view name);
/// The form named `word` directly below, by exact name and then by glob; nullptr when none.
const Form* find_sub(const Form& form, std::string_view word);

struct FoundOption {
    const Option* option = nullptr;
    bool ambiguous = false;  ///< an abbreviation of options that do different things
    std::uint64_t sets = 0;  ///< flags of every option that it may mean
};
/// Looks for a spelling in the form and then in the forms above it; long options may be
/// abbreviated when `abbreviated` is set (getopt_long(3)).
enum class Abbreviation { Exact, Allowed };
FoundOption find_option(const Form& form, std::string_view spelling, Abbreviation abbreviation);

}  // namespace countersign::catalogue::table
