"""Domains at which anybody can have an address: they never tell whose company somebody is from (I3). The large ones are free under any
ending: outlook.es, yahoo.com.br.

The packages there are hold thousands of domains, none of the Danish ones, and are not kept up; a domain that is missing here costs
one wrong match, which *Not the same?* mends.
"""

LARGE = "gmail googlemail outlook hotmail live msn yahoo ymail rocketmail gmx icloud aol proton protonmail tutanota yandex"  # under any ending
MIDDLES = "co com net org"  # of an ending in two parts: yahoo.co.uk, hotmail.com.br

ANYWHERE = """
passport.com me.com mac.com pm.me tuta.io tuta.com fastmail.com fastmail.fm hey.com zoho.com zohomail.com zohomail.eu
mail.com email.com inbox.com hushmail.com mailfence.com posteo.net posteo.de runbox.com startmail.com disroot.org riseup.net
mail.ru bk.ru inbox.ru list.ru rambler.ru qq.com 163.com 126.com sina.com naver.com hanmail.net daum.net rediffmail.com
mailinator.com guerrillamail.com 10minutemail.com yopmail.com trashmail.com temp-mail.org sharklasers.com dispostable.com maildrop.cc getnada.com
duck.com relay.firefox.com mozmail.com privaterelay.appleid.com simplelogin.com anonaddy.com
"""
DENMARK = """
ofir.dk jubii.dk jubiimail.dk mail.dk email.dk post.dk sol.dk cool.dk forum.dk city.dk webspeed.dk
tdcadsl.dk tdcspace.dk tdcmail.dk tdc.dk get2net.dk mail.tele.dk post.tele.dk tele.dk teliamail.dk telia.dk stofanet.dk stofa.dk youmail.dk
adslhome.dk privat.dk privat.tdcadsl.dk vip.cybercity.dk cybercity.dk worldonline.dk mobil.dk fiberpost.dk altiboxmail.dk energimail.dk
waoomail.dk profibermail.dk sydenergi.dk bbsyd.dk tiscali.dk nal-net.dk turbopost.dk wanadoo.dk oncable.dk comxnet.dk dlgmail.dk dadlnet.dk kabelmail.dk
kabelnettet.dk c.dk dk-online.dk vestnet.dk nrdn.dk pc.dk mail-online.dk
"""
NEIGHBOURS = """
telia.com spray.se bredband.net comhem.se tele2.se home.se passagen.se bahnhof.se
online.no broadpark.no getmail.no start.no frisurf.no lyse.net altibox.no
luukku.com suomi24.fi elisanet.fi kolumbus.fi saunalahti.fi welho.com netti.fi pp.inet.fi
web.de t-online.de freenet.de arcor.de online.de 1und1.de vodafone.de mailbox.org bluewin.ch
btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk
orange.fr wanadoo.fr free.fr laposte.net sfr.fr ziggo.nl kpnmail.nl planet.nl home.nl xs4all.nl
telenet.be skynet.be libero.it virgilio.it tiscali.it tin.it alice.it
telefonica.net wp.pl o2.pl onet.pl interia.pl op.pl gazeta.pl seznam.cz centrum.cz inbox.lv mail.ee ukr.net
comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com rogers.com shaw.ca bigpond.com
"""
# Sites where many companies have their page: not theirs either.
SHARED_SITES = """
facebook.com instagram.com linkedin.com twitter.com x.com youtube.com wordpress.com wixsite.com blogspot.com squarespace.com webnode.dk one.com simplesite.com
business.site google.com sites.google.com linktr.ee
"""

BRANDS, SECOND = frozenset(LARGE.split()), frozenset(MIDDLES.split())
FREE_MAIL = frozenset(f"{ANYWHERE} {DENMARK} {NEIGHBOURS} {SHARED_SITES}".split())


def is_business(domain: str) -> bool:
    """Whether an address at this domain tells whose company somebody is from."""
    parts = domain.split(".")
    labels = parts[:-1]
    if not labels or any(".".join(parts[start:]) in FREE_MAIL for start in range(len(labels))):  # mail.tdcadsl.dk, too
        return False
    brand = labels[-2] if labels[-1] in SECOND and len(labels) > 1 else labels[-1]
    return brand not in BRANDS
