### What each licensing code means and what to do next. The ways out of 2008, 2022 and 2051 are those of the
### vendor's FAQ. No other four digits follow each other here: MikoPBX finds a code by searching the whole text.

code-1011 = The name of the license server could not be resolved (Host lookup failed). Check the DNS settings of this host.
code-1012 = No connection to the license server. Check the network, the firewall and the proxy.
code-1013 = No trusted TLS session with the license server. Check the system time, the installed certificates and whether a proxy opens TLS.
code-1014 = The license server did not give a usable answer. It is asked again by itself.
code-2008 = There is no license for this feature, or it is bound to another host. Look in the cabinet: if there is a live license, drop its binding in the Sessions monitor; if not, ask for one.
code-2009 = There is no valid license key on this host. Register, or activate your registration number.
code-2011 = The license for this feature has expired. Extend it with a coupon or a new purchase.
code-2022 = This e-mail already has a registration number, for another company. Look for the mail with the number, or repeat with the company name used last time.
code-2026 = The license key is unknown to the license server. Check it for typing errors.
code-2037 = The coupon cannot be used with this registration number. Activate the number first.
code-2040 = The coupon does not exist. Check it for typing errors.
code-2041 = The coupon was activated already.
code-2051 = This host was registered before, with another e-mail or company. Look for the mail with the number, or repeat with the e-mail used last time.
code-2057 = The coupon is blocked. Ask the seller of the coupon.
code-unknown = The license server gave a code that this version does not know.
