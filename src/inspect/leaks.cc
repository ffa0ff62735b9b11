// Exfiltration shapes: secret or file content on its way out - in a request, a DNS name, a pipe to
// a connector, or to services that exist to receive it.
#include <algorithm>
#include <array>

#include "inspect/lexical.h"
#include "inspect/programs.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::EffectKind;
using model::Place;
using model::Severity;

/// Commands whose output is content worth stealing.
constexpr auto kContentReaders = std::to_array<std::string_view>(
    {"cat",     "tac",      "nl",        "head",    "tail",    "less",    "more",
     "env",     "printenv", "set",       "export",  "declare", "tar",     "zip",
     "gzip",    "bzip2",    "xz",        "dd",      "strings", "history", "od",
     "hexdump", "xxd",      "base64",    "base32",  "find",    "grep",    "rg",
     "awk",     "sed",      "mysqldump", "pg_dump", "sqlite3", "gpg",     "security",
     "pass",    "op",       "getent",    "ps",      "netstat", "ss",      "ifconfig",
     "ip",      "arp",      "lsof",      "crontab", "last",    "who",     "w"});

/// Commands that tell who and where one is; a classic first beacon.
constexpr auto kIdentityReaders =
    std::to_array<std::string_view>({"whoami", "id", "hostname", "uname", "groups", "logname"});

constexpr auto kLeakServices = std::to_array<std::string_view>({"webhook.site",
                                                                "requestbin",
                                                                "ngrok.io",
                                                                "ngrok-free.app",
                                                                "ngrok.app",
                                                                "pastebin.com",
                                                                "paste.ee",
                                                                "transfer.sh",
                                                                "0x0.st",
                                                                "file.io",
                                                                "discord.com/api/webhooks",
                                                                "discordapp.com/api/webhooks",
                                                                "api.telegram.org/bot",
                                                                "interact.sh",
                                                                "oast.fun",
                                                                "oast.pro",
                                                                "oast.me",
                                                                "oast.live",
                                                                "oast.site",
                                                                "oast.online",
                                                                "burpcollaborator.net",
                                                                "oastify.com",
                                                                "pipedream.net",
                                                                "ix.io",
                                                                "termbin.com",
                                                                "sprunge.us",
                                                                "hastebin.com",
                                                                "anonfiles.com",
                                                                "gofile.io",
                                                                "bashupload.com",
                                                                "temp.sh",
                                                                "dpaste.org",
                                                                "dpaste.com",
                                                                "rentry.co",
                                                                "beeceptor.com",
                                                                "hookb.in",
                                                                "requestcatcher.com",
                                                                "serveo.net",
                                                                "localtunnel.me",
                                                                "loca.lt",
                                                                "trycloudflare.com",
                                                                "canarytokens.com",
                                                                "dnslog.cn",
                                                                "ceye.io",
                                                                "controlc.com",
                                                                "catbox.moe",
                                                                "hooks.slack.com",
                                                                "wormhole.app",
                                                                "uguu.se",
                                                                "oshi.at"});

constexpr auto kNameLookups =
    std::to_array<std::string_view>({"dig", "nslookup", "host", "drill", "ping", "ping6",
                                     "resolvectl", "getent", "traceroute", "mtr"});

template <std::size_t N>
bool in(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool sends(const Item& item) {
    static constexpr auto kSenders = std::to_array<std::string_view>(
        {"curl",  "wget",     "http",   "https",  "xh",     "scp",      "rsync",
         "sftp",  "ftp",      "tftp",   "mail",   "mailx",  "sendmail", "mutt",
         "swaks", "rclone",   "gh",     "aws",    "gsutil", "ssh",      "smbclient",
         "lftp",  "ncftpput", "telnet", "finger", "whois",  "logger"});
    return in(kSenders, item.name) || item.connector;
}

bool reads_secret(const model::Effect& effect) {
    return effect.kind == EffectKind::SecretRead ||
           (effect.kind == EffectKind::Read && effect.place == Place::Secret);
}

bool command_reads_secret(const Scene& scene, std::size_t command) {
    const auto& effects = scene.effects();
    return std::any_of(effects.begin(), effects.end(), [&](const model::Effect& effect) {
        return effect.command == command && reads_secret(effect);
    });
}

bool talks_to_other_machines(const Scene& scene, std::size_t command) {
    bool any = false;
    bool local_only = true;
    for (const model::Effect& effect : scene.effects()) {
        const bool network = effect.kind == EffectKind::Upload ||
                             effect.kind == EffectKind::Download ||
                             effect.kind == EffectKind::Connect;
        if (effect.command == command && network) {
            any = true;
            local_only = local_only && effect.place == Place::Loopback;
        }
    }
    return !any || !local_only;
}

/// "--env-file", "-h" ... say nothing: only readers that print file or environment content count.
bool prints_content(const Item& item) {
    if (item.name == "cat" || item.name == "head" || item.name == "tail") {
        return !item.words.empty();
    }
    return in(kContentReaders, item.name);
}

void find_flows(const Scene& scene, Sink& sink) {
    for (std::size_t i = 0; i < scene.items().size(); ++i) {
        const Item& item = scene.items()[i];
        const bool lookup = in(kNameLookups, item.name);
        if ((!sends(item) && !lookup) || !talks_to_other_machines(scene, i)) {
            continue;
        }
        const std::vector<std::size_t> inner = scene.substituted(i);
        const std::vector<std::size_t> piped =
            lookup ? std::vector<std::size_t>() : scene.upstream(i);
        for (const std::vector<std::size_t>* const list : {&inner, &piped}) {
            for (const std::size_t from : *list) {
                const Item& source = scene.items()[from];
                if (command_reads_secret(scene, from)) {
                    sink.add("exfiltration", Severity::Critical, item.span,
                             "a secret read by " + source.name + " goes out through " + item.name);
                } else if (prints_content(source) &&
                           (list == &inner || item.connector || source.name == "env" ||
                            source.name == "printenv")) {
                    sink.add("exfiltration", Severity::High, item.span,
                             "what " + source.name + " prints goes out through " + item.name);
                } else if (in(kIdentityReaders, source.name) && (lookup || list == &inner)) {
                    sink.add("beacon", lookup ? Severity::High : Severity::Medium, item.span,
                             "tells another machine what " + source.name + " prints");
                }
            }
        }
    }
}

/// curl -d @FILE, -T FILE, -F x=@FILE of a file that is a secret.
void find_sent_secrets(const Scene& scene, Sink& sink) {
    for (std::size_t i = 0; i < scene.items().size(); ++i) {
        const Item& item = scene.items()[i];
        if (sends(item) && command_reads_secret(scene, i) && talks_to_other_machines(scene, i) &&
            item.name != "ssh" && item.name != "gh") {
            const bool as_login = item.name == "scp" || item.name == "rsync" || item.name == "sftp";
            if (!as_login) {
                sink.add("exfiltration", Severity::Critical, item.span,
                         item.name + " sends the content of a secret file");
            }
        }
    }
}

void find_leak_services(const Scene& scene, Sink& sink) {
    for (const Item& item : scene.items()) {
        if (!sends(item) && !item.interpreter && !in(kNameLookups, item.name)) {
            continue;
        }
        const Folded folded = fold(joined(item));
        for (const std::string_view service : kLeakServices) {
            if (contains(folded, service)) {
                sink.add("leak_service", Severity::High, item.span,
                         "talks to " + std::string(service) +
                             ", a service that anyone can receive data with");
                break;
            }
        }
    }
}

/// Inline programs that read a secret and open a connection.
void find_program_leaks(const Scene& scene, Sink& sink) {
    static constexpr auto kSecrets = std::to_array<std::string_view>({".ssh/",
                                                                      "id_rsa",
                                                                      "id_ed25519",
                                                                      ".aws/credentials",
                                                                      "/etc/shadow",
                                                                      ".netrc",
                                                                      ".pgpass",
                                                                      ".kube/config",
                                                                      ".docker/config.json",
                                                                      ".git-credentials",
                                                                      ".npmrc",
                                                                      ".pypirc",
                                                                      "os.environ",
                                                                      "process.env",
                                                                      "getenv()",
                                                                      "env.to_h",
                                                                      "%env",
                                                                      "/proc/self/environ",
                                                                      ".gnupg",
                                                                      "login data",
                                                                      "cookies.sqlite",
                                                                      "wallet.dat",
                                                                      ".bash_history"});
    static constexpr auto kSends = std::to_array<std::string_view>({"requests.post",
                                                                    "requests.put",
                                                                    "urlopen",
                                                                    "http.client",
                                                                    "fetch(",
                                                                    "axios",
                                                                    "net::http",
                                                                    "curl_exec",
                                                                    "lwp::",
                                                                    "socket",
                                                                    "smtplib",
                                                                    "http.request",
                                                                    "https.request",
                                                                    "httpx",
                                                                    "aiohttp",
                                                                    "file_get_contents('http",
                                                                    "file_get_contents(\"http",
                                                                    "ftplib",
                                                                    "paramiko",
                                                                    "urllib"});
    for (const Item& item : scene.items()) {
        if (!item.interpreter) {
            continue;
        }
        for (const std::string& text : program_texts(item)) {
            const Folded folded = fold(text);
            if (contains_any(folded, kSecrets) && contains_any(folded, kSends)) {
                sink.add("exfiltration", Severity::High, item.span,
                         "a program reads a secret and talks to the network");
            }
        }
    }
}

/// Names that only somebody who looks for credentials looks for.
constexpr auto kCredentialNames = std::to_array<std::string_view>(
    {"id_rsa",    "id_dsa",        "id_ecdsa",  "id_ed25519",     ".ssh",
     ".pem",      ".ppk",          ".p12",      ".pfx",           ".kdbx",
     ".aws",      "credentials",   ".netrc",    ".pgpass",        ".git-credentials",
     "shadow",    "wallet",        "cookies",   "login data",     "logins.json",
     "key4.db",   "places.sqlite", "bookmarks", "_history",       "private key",
     "akia",      ".gnupg",        ".kube",     ".docker/config", "passwd",
     "password",  "secring",       ".npmrc",    ".pypirc",        "web.config",
     "wp-config", "unattend.xml",  ".env"});

/// Roots from which a search leaves every project.
bool is_wide_root(std::string_view word) {
    static constexpr auto kRoots = std::to_array<std::string_view>(
        {"/", "/home", "/root", "/Users", "~", "/etc", "/var", "/opt", "/usr", "/mnt", "/srv",
         "/home/*", "/Users/*", "/run", "/tmp"});
    while (word.size() > 1 && word.ends_with('/')) {
        word.remove_suffix(1);
    }
    return std::find(kRoots.begin(), kRoots.end(), word) != kRoots.end();
}

void find_credential_searches(const Scene& scene, Sink& sink) {
    for (const Item& item : scene.items()) {
        const bool everywhere = item.name == "locate" || item.name == "mlocate" ||
                                item.name == "plocate" || item.name == "mdfind";
        const bool searches = item.name == "find" || item.name == "fd" || item.name == "fdfind" ||
                              item.name == "grep" || item.name == "egrep" || item.name == "rg" ||
                              item.name == "ag" || item.name == "ack";
        const bool recursive = item.name == "find" || item.name == "fd" || item.name == "rg" ||
                               has_short_option(item, 'r') || has_short_option(item, 'R') ||
                               has_word(item, "--recursive");
        const bool wide = std::any_of(item.words.begin(), item.words.end(),
                                      [](const std::string& word) { return is_wide_root(word); });
        if ((everywhere || (searches && recursive && wide)) &&
            contains_any(fold(joined(item)), kCredentialNames)) {
            sink.add("credential_search", Severity::High, item.span,
                     "looks for credentials all over the machine");
        }
    }
}

/// A second name for a secret, which no later look at the path will recognise (agent reads
/// "alias").
void find_secret_aliases(const Scene& scene, Sink& sink) {
    static constexpr auto kPlaces = std::to_array<std::string_view>(
        {"/.ssh/", "/.aws/", "/.gnupg/", "/.kube/", "/etc/shadow", "/.netrc", "/.git-credentials",
         "/.docker/config.json", "/.config/gcloud", "/.azure/", "/environ"});
    for (const Item& item : scene.items()) {
        const bool links = item.name == "ln" || item.name == "link" ||
                           (item.name == "mount" && has_word(item, "--bind"));
        if (links && contains_any(joined(item), kPlaces)) {
            sink.add("secret_alias", Severity::High, item.span, "gives a secret another name");
        }
    }
}

}  // namespace

void find_leaks(const Scene& scene, Sink& sink) {
    find_flows(scene, sink);
    find_sent_secrets(scene, sink);
    find_leak_services(scene, sink);
    find_program_leaks(scene, sink);
    find_credential_searches(scene, sink);
    find_secret_aliases(scene, sink);
}

}  // namespace countersign::inspect
