// Lexical reading of inline programs: which calls of a language start processes, write or delete
// files, talk to the network or make code at run time. A table per family of languages; no grammar.
// What a program does through names that are not in the tables is found as dynamic code or import
// of something unknown; a program in a language without a table is unknown as a whole.
#include <algorithm>
#include <array>
#include <optional>

#include "inspect/inspect.h"
#include "inspect/lexical.h"

namespace countersign::inspect {
namespace {

using K = model::EffectKind;
using P = model::Place;

/// What the first argument of a call is, when it is a string literal.
enum class Argument { None, Path, Command, Url };

struct Call {
    std::string_view text;  ///< as written; ends with "(" or a blank where a call needs it
    K effect;
    Argument argument;
    bool recursive;
    std::string_view detail;
};

constexpr auto kPython = std::to_array<Call>({
    {"os.system(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"os.popen(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"subprocess.", K::Execute, Argument::Command, false, "starts a program"},
    {"check_output(", K::Execute, Argument::Command, false, "starts a program"},
    {"check_call(", K::Execute, Argument::Command, false, "starts a program"},
    {"Popen(", K::Execute, Argument::Command, false, "starts a program"},
    {"os.exec", K::Execute, Argument::Command, false, "becomes another program"},
    {"os.spawn", K::Execute, Argument::Command, false, "starts a program"},
    {"os.posix_spawn", K::Execute, Argument::Command, false, "starts a program"},
    {"pty.spawn(", K::Execute, Argument::Command, false, "starts a program"},
    {"commands.getoutput(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"runpy.", K::Execute, Argument::Path, false, "runs another program text"},
    {"execfile(", K::Execute, Argument::Path, false, "runs another program text"},
    {"ctypes", K::Execute, Argument::None, false, "loads a library of native code"},
    {"cffi", K::Execute, Argument::None, false, "loads a library of native code"},
    {"exec(", K::Eval, Argument::None, false, "runs text as code"},
    {"eval(", K::Eval, Argument::None, false, "runs text as code"},
    {"compile(", K::Eval, Argument::None, false, "makes code from text"},
    {"__import__(", K::Eval, Argument::None, false, "imports by a computed name"},
    {"importlib", K::Eval, Argument::None, false, "imports by a computed name"},
    {"pickle.load", K::Eval, Argument::None, false, "loads objects that may run code"},
    {"marshal.loads", K::Eval, Argument::None, false, "loads code"},
    {"getattr(os", K::Eval, Argument::None, false, "calls by a computed name"},
    {"getattr(__", K::Eval, Argument::None, false, "calls by a computed name"},
    {"__builtins__", K::Eval, Argument::None, false, "calls by a computed name"},
    {"__subclasses__", K::Eval, Argument::None, false, "calls by a computed name"},
    {"globals()[", K::Eval, Argument::None, false, "calls by a computed name"},
    {"code.interact", K::Eval, Argument::None, false, "opens an interpreter"},
    {"shutil.rmtree(", K::Delete, Argument::Path, true, "deletes a tree"},
    {"rmtree(", K::Delete, Argument::Path, true, "deletes a tree"},
    {"os.remove(", K::Delete, Argument::Path, false, "deletes a file"},
    {"os.unlink(", K::Delete, Argument::Path, false, "deletes a file"},
    {"os.rmdir(", K::Delete, Argument::Path, false, "deletes a directory"},
    {"os.removedirs(", K::Delete, Argument::Path, false, "deletes directories"},
    {".unlink(", K::Delete, Argument::None, false, "deletes a file"},
    {"shutil.move(", K::Rename, Argument::Path, false, "moves"},
    {"os.rename(", K::Rename, Argument::Path, false, "moves"},
    {"os.replace(", K::Rename, Argument::Path, false, "moves"},
    {"shutil.copy", K::Write, Argument::None, false, "copies"},
    {".write_text(", K::Write, Argument::None, false, "writes a file"},
    {".write_bytes(", K::Write, Argument::None, false, "writes a file"},
    {"os.makedirs(", K::Create, Argument::Path, false, "makes directories"},
    {"os.mkdir(", K::Create, Argument::Path, false, "makes a directory"},
    {"os.truncate(", K::Write, Argument::Path, false, "truncates a file"},
    {"os.link(", K::Create, Argument::None, false, "makes a link"},
    {".rename(", K::Rename, Argument::None, false, "moves"},
    {".touch(", K::Create, Argument::None, false, "makes a file"},
    {".symlink_to(", K::Create, Argument::None, false, "makes a link"},
    {".hardlink_to(", K::Create, Argument::None, false, "makes a link"},
    {".rmdir(", K::Delete, Argument::None, false, "deletes a directory"},
    {"os.symlink(", K::Create, Argument::None, false, "makes a link"},
    {"os.chmod(", K::Chmod, Argument::Path, false, "changes a mode"},
    {"os.chown(", K::Chmod, Argument::Path, false, "changes an owner"},
    {"os.kill(", K::Signal, Argument::None, false, "signals a process"},
    {"os.killpg(", K::Signal, Argument::None, false, "signals processes"},
    {"os.setuid(", K::Privilege, Argument::None, false, "changes its user"},
    {"os.setgid(", K::Privilege, Argument::None, false, "changes its group"},
    {"os.fork(", K::Execute, Argument::None, false, "copies its process"},
    {"os.putenv(", K::Env, Argument::None, false, "changes its environment"},
    {"socket.socket(", K::Connect, Argument::None, false, "opens a connection"},
    {"socket.create_connection(", K::Connect, Argument::None, false, "opens a connection"},
    {"socketserver", K::Listen, Argument::None, false, "serves"},
    {"http.server", K::Listen, Argument::None, false, "serves"},
    {"HTTPServer(", K::Listen, Argument::None, false, "serves"},
    {"urlopen(", K::Download, Argument::Url, false, "fetches or sends"},
    {"urlretrieve(", K::Download, Argument::Url, false, "fetches"},
    {"urlencode(", K::Upload, Argument::None, false, "sends"},
    {"requests.get(", K::Download, Argument::Url, false, "fetches"},
    {"requests.head(", K::Download, Argument::Url, false, "fetches"},
    {"requests.post(", K::Upload, Argument::Url, false, "sends"},
    {"requests.put(", K::Upload, Argument::Url, false, "sends"},
    {"requests.patch(", K::Upload, Argument::Url, false, "sends"},
    {"requests.delete(", K::Upload, Argument::Url, false, "sends"},
    {"requests.request(", K::Upload, Argument::None, false, "sends"},
    {"requests.Session(", K::Upload, Argument::None, false, "sends"},
    {"httpx.", K::Upload, Argument::Url, false, "sends"},
    {"aiohttp", K::Upload, Argument::None, false, "sends"},
    {"http.client", K::Upload, Argument::None, false, "sends"},
    {"smtplib", K::Upload, Argument::None, false, "sends mail"},
    {"ftplib", K::Upload, Argument::None, false, "sends files"},
    {"paramiko", K::Upload, Argument::None, false, "opens a remote shell"},
    {"telnetlib", K::Connect, Argument::None, false, "opens a connection"},
    {"from_pretrained(", K::Download, Argument::None, false, "fetches a model"},
    {"load_dataset(", K::Download, Argument::None, false, "fetches data"},
});

constexpr auto kPerl = std::to_array<Call>({
    {"system", K::Execute, Argument::Command, false, "starts a program"},
    {"exec", K::Execute, Argument::Command, false, "becomes another program"},
    {"qx", K::Execute, Argument::None, false, "starts a shell command"},
    {"`", K::Execute, Argument::None, false, "starts a shell command"},
    {"|\"", K::Execute, Argument::None, false, "opens a pipe to a program"},
    {"\"|", K::Execute, Argument::None, false, "opens a pipe to a program"},
    {"-|", K::Execute, Argument::None, false, "opens a pipe to a program"},
    {"eval", K::Eval, Argument::None, false, "runs text as code"},
    {"/ee", K::Eval, Argument::None, false, "runs a replacement as code"},
    {"unlink", K::Delete, Argument::Path, false, "deletes a file"},
    {"rmtree", K::Delete, Argument::Path, true, "deletes a tree"},
    {"remove_tree", K::Delete, Argument::Path, true, "deletes a tree"},
    {"rmdir", K::Delete, Argument::Path, false, "deletes a directory"},
    {"rename", K::Rename, Argument::None, false, "moves"},
    {"truncate", K::Write, Argument::None, false, "truncates a file"},
    {"chmod", K::Chmod, Argument::None, false, "changes a mode"},
    {"kill", K::Signal, Argument::None, false, "signals a process"},
    {"setuid", K::Privilege, Argument::None, false, "changes its user"},
    {"$<", K::Privilege, Argument::None, false, "changes its user"},
    {"$>=", K::Privilege, Argument::None, false, "changes its user"},
    {"'>", K::Write, Argument::None, false, "writes a file"},
    {"\">", K::Write, Argument::None, false, "writes a file"},
    {"fork", K::Execute, Argument::None, false, "copies its process"},
    {"socket", K::Connect, Argument::None, false, "opens a connection"},
    {"IO::Socket", K::Connect, Argument::None, false, "opens a connection"},
    {"LWP", K::Upload, Argument::None, false, "sends"},
    {"HTTP::Tiny", K::Upload, Argument::None, false, "sends"},
    {"require", K::Eval, Argument::None, false, "loads code"},
    {"dl_load", K::Execute, Argument::None, false, "loads a library"},
    {"syscall", K::Execute, Argument::None, false, "makes system calls"},
});

constexpr auto kRuby = std::to_array<Call>({
    {"system", K::Execute, Argument::Command, false, "starts a program"},
    {"exec", K::Execute, Argument::Command, false, "becomes another program"},
    {"spawn", K::Execute, Argument::Command, false, "starts a program"},
    {"`", K::Execute, Argument::None, false, "starts a shell command"},
    {"%x", K::Execute, Argument::None, false, "starts a shell command"},
    {"popen", K::Execute, Argument::Command, false, "starts a program"},
    {"Open3", K::Execute, Argument::None, false, "starts a program"},
    {"eval", K::Eval, Argument::None, false, "runs text as code"},
    {".send(", K::Eval, Argument::None, false, "calls by a computed name"},
    {"load", K::Eval, Argument::Path, false, "loads code"},
    {"Marshal.load", K::Eval, Argument::None, false, "loads objects that may run code"},
    {"Fiddle", K::Execute, Argument::None, false, "loads a library of native code"},
    {"FileUtils.rm", K::Delete, Argument::Path, true, "deletes"},
    {"File.delete", K::Delete, Argument::Path, false, "deletes a file"},
    {"File.unlink", K::Delete, Argument::Path, false, "deletes a file"},
    {"Dir.rmdir", K::Delete, Argument::Path, false, "deletes a directory"},
    {"File.truncate", K::Write, Argument::Path, false, "truncates a file"},
    {"File.write", K::Write, Argument::Path, false, "writes a file"},
    {"IO.write", K::Write, Argument::Path, false, "writes a file"},
    {"IO.binwrite", K::Write, Argument::Path, false, "writes a file"},
    {"FileUtils", K::Write, Argument::None, false, "changes files"},
    {"Process.kill", K::Signal, Argument::None, false, "signals a process"},
    {"Process::Sys", K::Privilege, Argument::None, false, "changes its user"},
    {"fork", K::Execute, Argument::None, false, "copies its process"},
    {"Socket", K::Connect, Argument::None, false, "opens a connection"},
    {"TCPServer", K::Listen, Argument::None, false, "serves"},
    {"WEBrick", K::Listen, Argument::None, false, "serves"},
    {"-run", K::Listen, Argument::None, false, "serves"},
    {"Net::HTTP", K::Upload, Argument::None, false, "sends"},
    {"URI.open", K::Download, Argument::Url, false, "fetches"},
    {"URI(", K::Download, Argument::Url, false, "fetches"},
    {"open-uri", K::Download, Argument::None, false, "fetches"},
});

constexpr auto kNode = std::to_array<Call>({
    {"child_process", K::Execute, Argument::None, false, "starts a program"},
    {"execSync(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"exec(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"spawn", K::Execute, Argument::Command, false, "starts a program"},
    {"execFile", K::Execute, Argument::Command, false, "starts a program"},
    {"Deno.run", K::Execute, Argument::None, false, "starts a program"},
    {"Deno.Command", K::Execute, Argument::Command, false, "starts a program"},
    {"Bun.spawn", K::Execute, Argument::None, false, "starts a program"},
    {"process.binding", K::Execute, Argument::None, false, "loads a library of native code"},
    {"process.dlopen", K::Execute, Argument::None, false, "loads a library"},
    {"eval(", K::Eval, Argument::None, false, "runs text as code"},
    {"Function(", K::Eval, Argument::None, false, "makes code from text"},
    {"vm.run", K::Eval, Argument::None, false, "runs text as code"},
    {"import(", K::Eval, Argument::Path, false, "imports by a computed name"},
    {"process.mainModule", K::Eval, Argument::None, false, "loads code by a computed name"},
    {"constructor.constructor", K::Eval, Argument::None, false, "makes code from text"},
    {"rmSync(", K::Delete, Argument::Path, true, "deletes"},
    {".rm(", K::Delete, Argument::Path, true, "deletes"},
    {"unlink", K::Delete, Argument::Path, false, "deletes a file"},
    {"rmdir", K::Delete, Argument::Path, true, "deletes a directory"},
    {"rimraf", K::Delete, Argument::Path, true, "deletes a tree"},
    {"writeFile", K::Write, Argument::Path, false, "writes a file"},
    {"appendFile", K::Write, Argument::Path, false, "writes a file"},
    {"createWriteStream(", K::Write, Argument::Path, false, "writes a file"},
    {"openSync(", K::Write, Argument::Path, false, "opens a file"},
    {"copyFile", K::Write, Argument::None, false, "copies"},
    {"cpSync(", K::Write, Argument::None, false, "copies"},
    {"mkdir", K::Create, Argument::Path, false, "makes a directory"},
    {"rename", K::Rename, Argument::Path, false, "moves"},
    {"symlink", K::Create, Argument::None, false, "makes a link"},
    {"chmod", K::Chmod, Argument::Path, false, "changes a mode"},
    {"process.kill", K::Signal, Argument::None, false, "signals a process"},
    {"setuid", K::Privilege, Argument::None, false, "changes its user"},
    {"fetch(", K::Upload, Argument::Url, false, "sends or fetches"},
    {"http.get", K::Download, Argument::Url, false, "fetches"},
    {"https.get", K::Download, Argument::Url, false, "fetches"},
    {".request(", K::Upload, Argument::Url, false, "sends"},
    {"axios", K::Upload, Argument::Url, false, "sends"},
    {"net.", K::Connect, Argument::None, false, "opens a connection"},
    {"dgram", K::Connect, Argument::None, false, "opens a connection"},
    {"WebSocket", K::Connect, Argument::None, false, "opens a connection"},
    {"createServer", K::Listen, Argument::None, false, "serves"},
    {".listen(", K::Listen, Argument::None, false, "serves"},
});

constexpr auto kPhp = std::to_array<Call>({
    {"system(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"exec(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"passthru(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"popen(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"proc_open(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"shell_exec", K::Execute, Argument::None, false, "starts a shell command"},
    {"pcntl_exec", K::Execute, Argument::Command, false, "becomes another program"},
    {"`", K::Execute, Argument::None, false, "starts a shell command"},
    {"eval(", K::Eval, Argument::None, false, "runs text as code"},
    {"assert(", K::Eval, Argument::None, false, "runs text as code"},
    {"create_function", K::Eval, Argument::None, false, "makes code from text"},
    {"call_user_func", K::Eval, Argument::None, false, "calls by a computed name"},
    {"preg_replace", K::Eval, Argument::None, false, "may run a replacement as code"},
    {"include", K::Eval, Argument::Path, false, "runs another program text"},
    {"require", K::Eval, Argument::Path, false, "runs another program text"},
    {"unserialize(", K::Eval, Argument::None, false, "loads objects that may run code"},
    {"unlink(", K::Delete, Argument::Path, false, "deletes a file"},
    {"rmdir(", K::Delete, Argument::Path, false, "deletes a directory"},
    {"file_put_contents(", K::Write, Argument::Path, false, "writes a file"},
    {"fopen(", K::Write, Argument::Path, false, "opens a file"},
    {"copy(", K::Write, Argument::None, false, "copies"},
    {"rename(", K::Rename, Argument::Path, false, "moves"},
    {"mkdir(", K::Create, Argument::Path, false, "makes a directory"},
    {"chmod(", K::Chmod, Argument::Path, false, "changes a mode"},
    {"posix_set", K::Privilege, Argument::None, false, "changes its user"},
    {"posix_kill", K::Signal, Argument::None, false, "signals a process"},
    {"fsockopen", K::Connect, Argument::None, false, "opens a connection"},
    {"stream_socket", K::Connect, Argument::None, false, "opens a connection"},
    {"socket_", K::Connect, Argument::None, false, "opens a connection"},
    {"curl_", K::Upload, Argument::None, false, "sends"},
    {"file_get_contents(\"http", K::Download, Argument::None, false, "fetches"},
    {"file_get_contents('http", K::Download, Argument::None, false, "fetches"},
    {"mail(", K::Upload, Argument::None, false, "sends mail"},
});

constexpr auto kAwk = std::to_array<Call>({
    {"system(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"|getline", K::Execute, Argument::None, false, "starts a shell command"},
    {"| getline", K::Execute, Argument::None, false, "starts a shell command"},
    {"|&", K::Execute, Argument::None, false, "starts a program or opens a connection"},
    {"| \"", K::Execute, Argument::None, false, "starts a shell command"},
    {"|\"", K::Execute, Argument::None, false, "starts a shell command"},
    {"/inet/", K::Connect, Argument::None, false, "opens a connection"},
    {"/inet4/", K::Connect, Argument::None, false, "opens a connection"},
    {"/inet6/", K::Connect, Argument::None, false, "opens a connection"},
    {"@load", K::Execute, Argument::None, false, "loads a library"},
    {"@include", K::Eval, Argument::None, false, "runs another program text"},
    {"> \"", K::Write, Argument::None, false, "writes a file"},
    {">\"", K::Write, Argument::None, false, "writes a file"},
    {"> $", K::Write, Argument::None, false, "writes a file"},
    {">$", K::Write, Argument::None, false, "writes a file or compares"},
});

constexpr auto kLua = std::to_array<Call>({
    {"os.execute", K::Execute, Argument::Command, false, "starts a shell command"},
    {"io.popen", K::Execute, Argument::Command, false, "starts a shell command"},
    {"os.remove", K::Delete, Argument::Path, false, "deletes a file"},
    {"os.rename", K::Rename, Argument::Path, false, "moves"},
    {"io.open", K::Write, Argument::Path, false, "opens a file"},
    {"io.output", K::Write, Argument::Path, false, "writes a file"},
    {"load", K::Eval, Argument::None, false, "runs text as code"},
    {"dofile", K::Eval, Argument::Path, false, "runs another program text"},
    {"loadlib", K::Execute, Argument::None, false, "loads a library"},
    {"socket", K::Connect, Argument::None, false, "opens a connection"},
    {"require", K::Eval, Argument::None, false, "loads code"},
});

constexpr auto kEditor = std::to_array<Call>({
    {"!", K::Execute, Argument::None, false, "starts a shell command"},
    {"system(", K::Execute, Argument::Command, false, "starts a shell command"},
    {"term", K::Execute, Argument::None, false, "starts a shell"},
    {"job_start", K::Execute, Argument::None, false, "starts a program"},
    {"shell", K::Execute, Argument::None, false, "starts a shell"},
    {"py", K::Eval, Argument::None, false, "runs Python"},
    {"lua", K::Eval, Argument::None, false, "runs Lua"},
    {"perl", K::Eval, Argument::None, false, "runs Perl"},
    {"ruby", K::Eval, Argument::None, false, "runs Ruby"},
    {"exe", K::Eval, Argument::None, false, "runs text as commands"},
    {"source", K::Eval, Argument::None, false, "runs another file"},
    {"so ", K::Eval, Argument::None, false, "runs another file"},
    {"w ", K::Write, Argument::None, false, "writes a file"},
    {"wq", K::Write, Argument::None, false, "writes the file"},
    {":w", K::Write, Argument::None, false, "writes the file"},
    {"delete(", K::Delete, Argument::Path, false, "deletes a file"},
    {"writefile(", K::Write, Argument::None, false, "writes a file"},
});

constexpr auto kJq = std::to_array<Call>({
    {"env", K::Read, Argument::None, false, "reads the environment"},
    {"import", K::Eval, Argument::None, false, "loads code"},
    {"include", K::Eval, Argument::None, false, "loads code"},
    {"input_filename", K::Read, Argument::None, false, "reads names"},
});

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Whether nothing is joined to a literal that ends before `at`: "/tmp/" + name is another path.
bool stands_alone(std::string_view text, std::size_t at) {
    at = std::min(text.find_first_not_of(" \t", at), text.size());
    return at == text.size() ||
           std::string_view("),;\n}]").find(text[at]) != std::string_view::npos;
}

/// The string literal that follows `at` after blanks and opening brackets, where it is the whole
/// argument and spells its bytes as they are.
std::optional<std::string> literal_after(std::string_view text, std::size_t at) {
    while (at < text.size() && (is_name_byte(text[at]) || text[at] == '.')) {
        ++at;
    }
    if (text.substr(at, 2) == "\"]" || text.substr(at, 2) == "']") {
        at += 2;  // fs["unlinkSync"](PATH)
    }
    while (at < text.size() && (text[at] == ' ' || text[at] == '(' || text[at] == '[')) {
        ++at;
    }
    if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) {
        return std::nullopt;
    }
    const std::size_t close =
        text.substr(0, std::min(text.size(), at + 4096)).find(text[at], at + 1);
    if (close == std::string_view::npos || !stands_alone(text, close + 1)) {
        return std::nullopt;
    }
    const std::string_view literal = text.substr(at + 1, close - at - 1);
    return literal.find('\\') == std::string_view::npos ? std::optional(std::string(literal))
                                                        : std::nullopt;
}

/// Host part of a URL literal; empty when it is none.
std::string host_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = url.substr(scheme + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    const std::size_t user = authority.rfind('@');
    return std::string(user == std::string_view::npos ? authority : authority.substr(user + 1));
}

class Reader {
public:
    explicit Reader(std::string_view program) : program_(program) {}

    template <std::size_t N>
    void read(const std::array<Call, N>& calls) {
        for (const Call& call : calls) {
            // A name of its own, not the end of a longer one; only the first few places matter.
            std::size_t reports = 0;
            for (std::size_t at = program_.find(call.text);
                 at != std::string_view::npos && reports < kReportsMax;
                 at = program_.find(call.text, at + call.text.size())) {
                const bool starts_with_name = is_name_byte(call.text.front());
                if (starts_with_name && at > 0 && is_name_byte(program_[at - 1])) {
                    continue;
                }
                ++reports;
                add(call, at);
            }
        }
    }

    void add(const Call& call, std::size_t at) {
        model::Effect effect;
        effect.kind = passes_data(program_.substr(at)) ? K::Upload : call.effect;
        effect.recursive = call.recursive;
        effect.conditional = true;
        effect.span = {static_cast<std::uint32_t>(at),
                       static_cast<std::uint32_t>(at + call.text.size())};
        effect.detail = std::string(call.detail);
        const std::optional<std::string> literal =
            call.argument == Argument::None ? std::nullopt
                                            : literal_after(program_, at + call.text.size());
        if (literal.has_value()) {
            effect.target = call.argument == Argument::Url ? host_of(*literal) : *literal;
        }
        push(std::move(effect));
    }

    void push(model::Effect effect) {
        const auto same = [&](const model::Effect& other) {
            return other.kind == effect.kind && other.target == effect.target &&
                   other.detail == effect.detail;
        };
        if (std::none_of(effects_.begin(), effects_.end(), same)) {
            effects_.push_back(std::move(effect));
        }
    }

    /// Python's and Ruby's open(PATH, MODE): a write when the mode says so, else a read.
    void read_opens() {
        for (std::size_t at = program_.find("open("); at != std::string_view::npos;
             at = program_.find("open(", at + 5)) {
            const bool member = at > 0 && (is_name_byte(program_[at - 1]));
            if (member || effects_.size() > kEffectsPerProgramMax) {
                continue;
            }
            const std::string_view call = program_.substr(at, kCallBytesMax);
            const std::string_view arguments = call.substr(0, call.find(')'));
            const std::size_t comma = arguments.find(',');
            const std::string_view mode =
                comma == std::string_view::npos ? std::string_view() : arguments.substr(comma);
            const bool writes =
                mode.find_first_of("wax+") != std::string_view::npos &&
                (contains(mode, "'w") || contains(mode, "\"w") || contains(mode, "'a") ||
                 contains(mode, "\"a") || contains(mode, "'x") || contains(mode, "\"x") ||
                 contains(mode, "+"));
            model::Effect effect;
            effect.kind = writes ? K::Write : K::Read;
            effect.target = literal_after(program_, at + 5).value_or("");
            effect.conditional = true;
            effect.span = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + 4)};
            effect.detail = writes ? "writes a file" : "reads a file";
            push(std::move(effect));
        }
    }

    /// Names written letter by letter ("\x6f\x73", chr(111)+chr(115)) hide what a table looks for.
    void read_disguise() {
        std::size_t escapes = 0;
        for (std::size_t at = program_.find("\\x"); at != std::string_view::npos;
             at = program_.find("\\x", at + 2)) {
            ++escapes;
        }
        std::size_t letters = 0;
        for (std::size_t at = program_.find("chr("); at != std::string_view::npos;
             at = program_.find("chr(", at + 4)) {
            ++letters;
        }
        const Folded folded = fold(program_);
        const bool decodes = contains(folded, "b64decode") || contains(folded, "decode_base64") ||
                             contains(folded, "base64_decode") || contains(folded, "atob(") ||
                             contains(folded, "unpack(") || contains(folded, "pack(\"h") ||
                             contains(folded, "fromcharcode");
        if (escapes >= kDisguiseMin || letters >= kDisguiseMin || decodes) {
            model::Effect effect;
            effect.kind = decodes && !contains(folded, "exec") && !contains(folded, "eval") &&
                                  !contains(folded, "system")
                              ? K::Read
                              : K::Eval;
            effect.place = P::None;
            effect.detail = "text that is decoded";
            push(std::move(effect));
        }
    }

    void unknown(std::string_view why) {
        model::Effect effect;
        effect.kind = K::Unknown;
        effect.detail = std::string(why);
        push(std::move(effect));
    }

    std::vector<model::Effect> take() { return std::move(effects_); }

private:
    static constexpr std::size_t kReportsMax = 16;
    static constexpr std::size_t kEffectsPerProgramMax = 256;
    static constexpr std::size_t kCallBytesMax = 512;
    static constexpr std::size_t kDisguiseMin = 6;

    std::string_view program_;
    std::vector<model::Effect> effects_;
};

/// sed: e and w commands, and the e and w flags of s.
void read_sed(std::string_view program, Reader& reader) {
    static constexpr Call kRuns = {"e", K::Execute, Argument::None, false,
                                   "starts a shell command"};
    static constexpr Call kWrites = {"w", K::Write, Argument::None, false, "writes a file"};
    bool at_start = true;
    for (std::size_t i = 0; i < program.size(); ++i) {
        const char c = program[i];
        if (at_start && (c == ' ' || c == '\t' || (c >= '0' && c <= '9') || c == '$' || c == ',' ||
                         c == '{' || c == '!')) {
            continue;
        }
        if (c == ';' || c == '\n' || c == '}') {
            at_start = true;
            continue;
        }
        if (!at_start) {
            continue;
        }
        at_start = false;
        if (c == 'e') {
            reader.add(kRuns, i);
        } else if (c == 'w' || c == 'W') {
            reader.add(kWrites, i);
        } else if (c == '/') {
            const std::size_t close = program.find('/', i + 1);
            i = close == std::string_view::npos ? program.size() : close;
            at_start = true;
        } else if ((c == 's' || c == 'y') && i + 1 < program.size()) {
            const char delimiter = program[i + 1];
            std::size_t left = 2;
            std::size_t k = i + 2;
            while (k < program.size() && left > 0) {
                if (program[k] == '\\') {
                    ++k;
                } else if (program[k] == delimiter) {
                    --left;
                }
                ++k;
            }
            while (c == 's' && k < program.size() && program[k] != ';' && program[k] != '\n' &&
                   program[k] != '}') {
                if (program[k] == 'e') {
                    reader.add(kRuns, k);
                } else if (program[k] == 'w') {
                    reader.add(kWrites, k);
                    break;
                }
                ++k;
            }
            i = k > i ? k - 1 : i;
        }
    }
}

bool is_family(std::string_view language, std::string_view family) {
    return language.starts_with(family);
}

void read_language(std::string_view language, std::string_view program, Reader& reader) {
    if (is_family(language, "python") || is_family(language, "pypy")) {
        reader.read(kPython);
        reader.read_opens();
        reader.read_disguise();
    } else if (is_family(language, "perl")) {
        reader.read(kPerl);
        reader.read_disguise();
    } else if (is_family(language, "ruby")) {
        reader.read(kRuby);
        reader.read_opens();
        reader.read_disguise();
    } else if (is_family(language, "node") || is_family(language, "javascript") ||
               language == "deno" || language == "bun") {
        reader.read(kNode);
        reader.read_disguise();
    } else if (is_family(language, "php")) {
        reader.read(kPhp);
        reader.read_disguise();
    } else if (language == "awk" || language == "gawk" || language == "mawk") {
        reader.read(kAwk);
    } else if (is_family(language, "lua")) {
        reader.read(kLua);
        reader.read_disguise();
    } else if (language == "vim" || language == "ex" || language == "vi" || language == "ed") {
        reader.read(kEditor);
    } else if (language == "jq") {
        reader.read(kJq);
    } else if (language == "sed") {
        read_sed(program, reader);
    } else {
        reader.unknown("a program in a language that is not read: " + std::string(language));
    }
}

}  // namespace

std::vector<model::Effect> program_effects(std::string_view language, std::string_view program) {
    Reader reader(program);
    read_language(language, program, reader);
    return reader.take();
}

}  // namespace countersign::inspect
