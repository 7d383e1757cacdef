<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

/**
 * How far a call of the daemon to the license server came.
 */
enum Stage: string
{
    /** Its name has no address. */
    case Lookup = 'lookup';

    /** No connection. */
    case Connect = 'connect';

    /** No trusted TLS session. */
    case Tls = 'tls';

    /** No answer in time, or not a license server's. */
    case Answer = 'answer';
}
