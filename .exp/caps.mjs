import wrtc from '@roamhq/wrtc';
console.log(Object.keys(wrtc), typeof wrtc.RTCRtpSender?.getCapabilities);
try { console.log(wrtc.RTCRtpSender.getCapabilities('video').codecs.map(c=>c.mimeType+' '+(c.sdpFmtpLine??''))); } catch(e) { console.log(e.message); }
const pc = new wrtc.RTCPeerConnection(); const t = pc.addTransceiver('video'); console.log(typeof t.setCodecPreferences, typeof t.stop, typeof t.sender.getParameters, typeof pc.restartIce); pc.close(); console.log(process.memoryUsage().rss/1e6); process.exit(0)
