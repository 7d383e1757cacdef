<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

use MikoPBX\Licensed\Quiet;

/**
 * Who may have put the socket there: root, the daemon's user, our own user and whom the caller names.
 *
 * The owner of the socket is looked at, and that nobody else may write to its folder. The kernel knows
 * the user at the other end too, but PHP cannot ask for it yet.
 *
 * @internal
 */
final readonly class Trust
{
    private const ROOT = 0;

    /** The user that the daemon runs as. */
    private const DAEMON_USER = 'licensed';

    /** Of the mode of a folder: the group or others may write to it, and what is in it is safe from them. */
    private const WRITABLE = 0o022;
    private const STICKY = 0o1000;

    /**
     * @param list<int> $uids trusted beside root, the daemon's user and our own
     */
    public function __construct(private array $uids)
    {
    }

    /**
     * @throws Fault
     */
    public function mustHold(string $socket): void
    {
        $folder = dirname($socket);
        clearstatcache(true, $socket);
        clearstatcache(true, $folder);
        $ofSocket = Quiet::call(static fn () => stat($socket));
        $ofFolder = Quiet::call(static fn () => stat($folder));
        if ($ofSocket === false || $ofFolder === false) {
            throw (string) ini_get('open_basedir') === ''
                ? Fault::noSocket($socket)
                : Fault::untrusted("PHP may not look at who owns $socket; name $folder in its setting open_basedir");
        }
        $isSafe = ($ofFolder['mode'] & self::WRITABLE) === 0 || ($ofFolder['mode'] & self::STICKY) !== 0;
        if (!$isSafe || !$this->holdsFor($ofFolder['uid']) || !$this->holdsFor($ofSocket['uid'])) {
            throw Fault::untrusted(
                "The socket $socket may be that of anybody, since it or its folder belongs to another user than "
                . 'root or licensed, or others may write to the folder; nothing was said to it. '
                . "Look at: ls -ld $folder $socket",
            );
        }
    }

    private function holdsFor(int $uid): bool
    {
        return $uid === self::ROOT
            || in_array($uid, $this->uids, true)
            || $uid === self::ownUid()
            || $uid === self::daemonUid();
    }

    private static function ownUid(): int|false
    {
        return function_exists('posix_geteuid')
            ? posix_geteuid()
            : Quiet::call(static fn () => fileowner('/proc/self'));
    }

    /** From the file alone: a name service that hangs must not hang a check. */
    private static function daemonUid(): ?int
    {
        $users = Quiet::call(static fn () => file_get_contents('/etc/passwd'));
        $pattern = '/^' . self::DAEMON_USER . ':[^:\n]*:(\d+):/m';
        $user = [];
        return $users !== false && preg_match($pattern, $users, $user) === 1 ? (int) $user[1] : null;
    }
}
