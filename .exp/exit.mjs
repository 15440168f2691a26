import wrtc from '@roamhq/wrtc';
const { RTCPeerConnection, nonstandard } = wrtc;
const mode = process.argv[2], how = process.argv[3];
let source, track, pc;
if (mode !== 'import') { pc = new RTCPeerConnection();
if (mode.includes('src')) { source = new nonstandard.RTCVideoSource(); track = source.createTrack(); 
 if (mode.includes('frame')) source.onFrame({width:64,height:64,data:new Uint8ClampedArray(64*64*1.5)});
 if (mode.includes('add')) pc.addTrack(track); }
if (mode.includes('stop')) track.stop();
pc.close(); }
if (how==='exit') process.exit(0);
if (how==='later') setTimeout(()=>process.exit(0), 300);
if (how==='gc') { pc=source=track=undefined; global.gc(); setTimeout(()=>{global.gc(); setTimeout(()=>process.exit(0),200);}, 200); }
